import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { from as copyFrom, to as copyTo } from 'pg-copy-streams';
import { ScriptError } from '../../scripts/script-error.mjs';

const ROWS_PER_STATEMENT = 1_000;
/** What a row is before anything happened to it. */
const AT_ACCEPTANCE = new Map([
  ['status', `'pending'::text`],
  ['attempts', '0::smallint'],
  ['possibly_sent', 'false'],
  ['attention', 'NULL::text'],
  ['rail_id', 'NULL::text'],
  ['settled_at', 'NULL::timestamptz'],
]);
/** The same for every line of a bulk: acceptance says them once, behind the COPY (transfer.repository.ts). */
const SHARED = ['organization_id', 'bulk_id', 'debtor_account_id', 'currency'];

/** @typedef {import('pg').Client} Client */
/** @typedef {{name: string, type: string}} Column */

/** The limits of the database itself: how fast it takes the rows of a bulk, and nothing else. */
export class RawInserts {
  #database;
  #columns;
  #intakeColumns;

  /**
   * @param {Client} database
   * @param {Column[]} columns of the table
   * @param {Column[]} intakeColumns those that differ between the lines of a bulk
   */
  constructor(database, columns, intakeColumns) {
    this.#database = database;
    this.#columns = columns;
    this.#intakeColumns = intakeColumns;
  }

  /**
   * @param {Client} database
   * @returns {Promise<RawInserts>}
   */
  static async prepare(database) {
    const { rows: columns } = await database.query(
      `SELECT attname AS name, format_type(atttypid, atttypmod) AS type FROM pg_attribute
        WHERE attrelid = 'transfers'::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum`,
    );
    // A copy of the table takes its indexes and checks along, but not its storage parameters.
    const { rows } = await database.query(
      `SELECT array_to_string(reloptions, ', ') AS options FROM pg_class WHERE oid = 'transfers'::regclass`,
    );
    await database.query(`CREATE TABLE bench_rows (LIKE transfers INCLUDING ALL) WITH (${rows[0]?.options})`);
    const isIntake = (/** @type {Column} */ { name }) =>
      !SHARED.includes(name) && !AT_ACCEPTANCE.has(name) && name !== 'created_at';
    const intake = columns.filter(isIntake);
    await database.query(
      `CREATE TEMP TABLE bench_intake (${intake.map(({ name, type }) => `${name} ${type}`).join(', ')})
         ON COMMIT DELETE ROWS`,
    );
    return new RawInserts(database, columns, intake);
  }

  /**
   * COPY, the fastest way there is.
   *
   * @param {string} bulkId whose rows
   * @returns {Promise<{ms: number, commitMs: number}>}
   */
  async copy(bulkId) {
    const text = await this.#textOf(bulkId, this.#columns);
    return this.#timed(() => this.#copyIn(`COPY bench_rows (${namesOf(this.#columns)}) FROM STDIN`, text));
  }

  /**
   * INSERT from arrays of a thousand rows.
   *
   * @param {string} bulkId
   */
  async unnest(bulkId) {
    const names = namesOf(this.#columns);
    const arrays = this.#columns.map(({ name }) => `array_agg(${valueOf(name)} ORDER BY line)::text AS ${name}`);
    const { rows: blocks } = await this.#database.query(
      `SELECT ${arrays.join(', ')} FROM transfers WHERE bulk_id = $1 GROUP BY (line - 1) / ${ROWS_PER_STATEMENT}`,
      [bulkId],
    );
    const parameters = this.#columns.map(({ type }, index) => `$${index + 1}::${type}[]`);
    const text = `INSERT INTO bench_rows (${names}) SELECT * FROM unnest(${parameters.join(', ')})`;
    return this.#timed(async () => {
      for (const block of blocks) {
        await this.#database.query({
          name: 'bench-unnest',
          text,
          values: this.#columns.map(({ name }) => block[name]),
        });
      }
    });
  }

  /**
   * As acceptance does it: COPY into a temporary table what differs between the lines, then INSERT ... SELECT.
   *
   * @param {string} bulkId
   */
  async intake(bulkId) {
    const { rows } = await this.#database.query(
      `SELECT ${SHARED.join(', ')} FROM transfers WHERE bulk_id = $1 ORDER BY line LIMIT 1`,
      [bulkId],
    );
    const [shared] = rows;
    if (!shared) throw new ScriptError(`the bulk ${bulkId} has no rows`);
    const names = namesOf(this.#intakeColumns);
    const text = await this.#textOf(bulkId, this.#intakeColumns);
    return this.#timed(async () => {
      await this.#copyIn(`COPY bench_intake (${names}) FROM STDIN`, text);
      await this.#database.query(
        `INSERT INTO bench_rows (${SHARED.join(', ')}, ${names})
         SELECT $1::uuid, $2::uuid, $3::uuid, $4::text, ${names} FROM bench_intake`,
        SHARED.map((name) => shared[name]),
      );
    });
  }

  /**
   * Into an empty table, committed and flushed.
   *
   * @param {() => Promise<void>} insert
   */
  async #timed(insert) {
    await this.#database.query('TRUNCATE bench_rows');
    const startedAt = performance.now();
    await this.#database.query('BEGIN');
    await insert();
    const insertedAt = performance.now();
    await this.#database.query('COMMIT');
    const committedAt = performance.now();
    return { ms: committedAt - startedAt, commitMs: committedAt - insertedAt };
  }

  /**
   * @param {string} bulkId
   * @param {{name: string}[]} columns
   */
  async #textOf(bulkId, columns) {
    const values = columns.map(({ name }) => valueOf(name)).join(', ');
    /** @type {Buffer[]} */
    const parts = [];
    const output = this.#database.query(
      copyTo(`COPY (SELECT ${values} FROM transfers WHERE bulk_id = '${bulkId}' ORDER BY line) TO STDOUT`),
    );
    for await (const part of output) parts.push(part);
    return Buffer.concat(parts);
  }

  /**
   * @param {string} statement
   * @param {Buffer} text
   */
  async #copyIn(statement, text) {
    await pipeline(Readable.from(pieces(text)), this.#database.query(copyFrom(statement)));
  }
}

/** @param {{name: string}[]} columns */
function namesOf(columns) {
  return columns.map(({ name }) => name).join(', ');
}

/** @param {string} column */
function valueOf(column) {
  return AT_ACCEPTANCE.get(column) ?? column;
}

/** @param {Buffer} text */
function* pieces(text, size = 65_536) {
  for (let from = 0; from < text.length; from += size) yield text.subarray(from, from + size);
}
