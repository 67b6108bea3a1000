import { DomainError } from '../../src/domain/errors.js';
import {
  Database,
  isTransient,
  PLATFORM,
  type Queryable,
  type Tx,
  UnitOfWork,
} from '../../src/platform/database/index.js';
import { eventually } from '../support/eventually.js';
import { startFeatures, type TestFeatures } from '../support/test-features.js';
import { ownerOf } from '../support/owner.js';

const NOTES = `CREATE TABLE notes (id int PRIMARY KEY, note text);
  GRANT SELECT, INSERT, UPDATE ON notes TO tranche_platform`;

describe('a unit of work', () => {
  let features: TestFeatures;
  let database: Queryable;
  let unitOfWork: UnitOfWork;
  beforeAll(async () => {
    features = await startFeatures([]);
    database = ownerOf(features.app);
    unitOfWork = features.app.get(UnitOfWork);
    await database.execute(NOTES);
  });
  afterAll(() => features.close());
  beforeEach(() => database.execute(`TRUNCATE notes`));

  const expectNothingBusy = () => {
    const { total, idle, waiting } = features.app.get(Database).poolState();
    expect({ busy: total - idle, waiting }).toEqual({ busy: 0, waiting: 0 });
    return { total };
  };
  const write = (tx: Tx, id: number, note = '') => tx.execute(`INSERT INTO notes VALUES ($1, $2)`, [id, note]);
  const ids = async (): Promise<number[]> =>
    (await database.query<{ id: number }>(`SELECT id FROM notes ORDER BY id`)).map(({ id }) => id);
  const raise = (tx: Tx, sqlState: string) =>
    tx.execute(`DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '${sqlState}'; END $$`);

  it('writes everything or nothing', async () => {
    await unitOfWork.run(PLATFORM, async (tx) => {
      await write(tx, 1);
      await write(tx, 2);
    });
    const failing = unitOfWork.run(PLATFORM, async (tx) => {
      await write(tx, 3);
      throw new DomainError('rule', 'no', 'No.');
    });
    await expect(failing).rejects.toMatchObject({ code: 'no' });
    await expect(ids()).resolves.toEqual([1, 2]);
  });

  it('is ended when its process falls silent in the middle: others get its locks, and it says so', async () => {
    const { app, close } = await startFeatures([], { DATABASE_IDLE_TRANSACTION_MS: '200' });
    const frozen = app.get(UnitOfWork);
    const own = ownerOf(app);
    await own.execute(NOTES);
    let isOver = false;
    const silent = frozen.run(PLATFORM, async (tx) => {
      await write(tx, 1, 'mine');
      await eventually(() => isOver, { what: 'the other one to be done' });
      await write(tx, 2, 'mine');
    });
    const ended = silent.then(
      () => false,
      (error: unknown) => isTransient(error),
    );
    // Waits for the first one's row.
    await frozen.run(PLATFORM, (tx) => write(tx, 1, 'theirs'));
    isOver = true;
    await expect(ended).resolves.toBe(true);
    await expect(own.query(`SELECT * FROM notes`)).resolves.toEqual([{ id: 1, note: 'theirs' }]);
    await close();
  });

  it.each(['40001', '40P01'])('is run again, whole, when PostgreSQL gave it up: %s', async (sqlState) => {
    let runs = 0;
    await unitOfWork.run(PLATFORM, async (tx) => {
      runs++;
      await write(tx, runs);
      if (runs < 3) await raise(tx, sqlState);
    });
    await expect(ids()).resolves.toEqual([3]);
  });

  it('is run again at most three times', async () => {
    let runs = 0;
    const hopeless = unitOfWork.run(PLATFORM, (tx) => {
      runs++;
      return raise(tx, '40001');
    });
    await expect(hopeless).rejects.toMatchObject({ code: '40001' });
    expect(runs).toBe(4);
  });

  it('is not run again for any other error', async () => {
    let runs = 0;
    const refused = unitOfWork.run(PLATFORM, (tx) => {
      runs++;
      return raise(tx, '23505');
    });
    await expect(refused).rejects.toMatchObject({ code: '23505' });
    expect(runs).toBe(1);
  });

  it('survives a deadlock between two of them', async () => {
    await unitOfWork.run(PLATFORM, async (tx) => {
      await write(tx, 1);
      await write(tx, 2);
    });
    let holding = 0;
    const update = async (first: number, second: number): Promise<void> => {
      await unitOfWork.run(PLATFORM, async (tx) => {
        await tx.execute(`UPDATE notes SET note = note || 'x' WHERE id = $1`, [first]);
        holding++;
        await eventually(() => holding >= 2, { what: 'both to hold a row' });
        await tx.execute(`UPDATE notes SET note = note || 'x' WHERE id = $1`, [second]);
      });
    };
    await Promise.all([update(1, 2), update(2, 1)]);
    await expect(database.query(`SELECT DISTINCT note FROM notes`)).resolves.toEqual([{ note: 'xx' }]);
  });

  it('announces a commit after it, once, and never what was rolled back', async () => {
    const announced: unknown[] = [];
    let runs = 0;
    await unitOfWork.run(PLATFORM, async (tx) => {
      const run = ++runs;
      tx.afterCommit(() => announced.push(run));
      await write(tx, run);
      if (run === 1) await raise(tx, '40001');
    });
    const failing = unitOfWork.run(PLATFORM, async (tx) => {
      tx.afterCommit(() => announced.push('failed'));
      await raise(tx, '23505');
    });
    await expect(failing).rejects.toThrow();
    expect(announced).toEqual([2]);
  });

  it('does what is to be done last before it commits, in the order it was asked for, and anew when it is run again', async () => {
    const order: string[] = [];
    let runs = 0;
    await unitOfWork.run(PLATFORM, async (tx) => {
      const run = ++runs;
      tx.beforeCommit(async () => {
        order.push(`${run} first`);
        tx.beforeCommit(async () => void order.push(`${run} last`));
        await write(tx, run);
      });
      tx.beforeCommit(async () => {
        order.push(`${run} second`);
        if (run === 1) await raise(tx, '40001');
      });
      tx.afterCommit(() => order.push(`${run} committed`));
      const undone = tx.savepoint(async () => {
        tx.beforeCommit(async () => void order.push('undone'));
        tx.afterCommit(() => order.push('undone'));
        throw new Error('undone');
      });
      await expect(undone).rejects.toThrow('undone');
      order.push(`${run} work`);
    });
    const second = ['2 work', '2 first', '2 second', '2 last', '2 committed'];
    expect(order).toEqual(['1 work', '1 first', '1 second', ...second]);
    await expect(ids()).resolves.toEqual([2]);
  });

  it('commits nothing when what was to be done last fails', async () => {
    const failing = unitOfWork.run(PLATFORM, async (tx) => {
      await write(tx, 1);
      tx.beforeCommit(() => Promise.reject(new DomainError('rule', 'no', 'No.')));
    });
    await expect(failing).rejects.toMatchObject({ code: 'no' });
    await expect(ids()).resolves.toEqual([]);
  });

  it('goes on after a savepoint was undone', async () => {
    await unitOfWork.run(PLATFORM, async (tx) => {
      await write(tx, 1);
      const undone = tx.savepoint(async () => {
        await write(tx, 2);
        await write(tx, 1); // a duplicate key: without a savepoint the transaction would be lost
      });
      await expect(undone).rejects.toMatchObject({ code: '23505' });
      await expect(tx.savepoint(() => write(tx, 3))).resolves.toBe(1);
    });
    await expect(ids()).resolves.toEqual([1, 3]);
  });

  it('gives its connection back, however it ends', async () => {
    const works = Array.from({ length: 50 }, (_, id) =>
      unitOfWork.run(PLATFORM, async (tx) => {
        await write(tx, id);
        if (id % 2 === 0) throw new Error('undone');
      }),
    );
    await Promise.allSettled(works);
    await expect(ids()).resolves.toHaveLength(25);
    expectNothingBusy();
  });

  describe('that only reads', () => {
    const idsOf = async (on: Queryable): Promise<number[]> =>
      (await on.query<{ id: number }>(`SELECT id FROM notes ORDER BY id`)).map(({ id }) => id);

    it('sees one moment, whatever is committed meanwhile', async () => {
      await unitOfWork.run(PLATFORM, (tx) => write(tx, 1));
      const seen = await unitOfWork.snapshot(PLATFORM, async (on) => {
        await unitOfWork.run(PLATFORM, (tx) => write(tx, 2));
        const before = await idsOf(on);
        await database.execute(`DELETE FROM notes WHERE id = 1`);
        return [before, await idsOf(on)];
      });
      expect(seen).toEqual([[1], [1]]);
      await expect(ids()).resolves.toEqual([2]);
    });

    it('sees whatever was committed before the instant it names', async () => {
      const committed = await database.query<{ at: Date }>(
        `INSERT INTO notes VALUES (1, '') RETURNING clock_timestamp() AS at`,
      );
      const { seen, takenAt } = await unitOfWork.snapshot(PLATFORM, async (on, at) => ({
        seen: await idsOf(on),
        takenAt: at,
      }));
      const [now] = await database.query<{ at: Date }>(`SELECT clock_timestamp() AS at`);
      expect(seen).toEqual([1]);
      expect(takenAt.getTime()).toBeGreaterThanOrEqual(committed[0]?.at.getTime() ?? NaN);
      expect(takenAt.getTime()).toBeLessThanOrEqual(now?.at.getTime() ?? NaN);
    });

    it('cannot write', async () => {
      const writing = unitOfWork.snapshot(PLATFORM, (on) => on.execute(`INSERT INTO notes VALUES (1, '')`));
      await expect(writing).rejects.toMatchObject({ code: '25006' });
      await expect(ids()).resolves.toEqual([]);
    });

    it('is not run again', async () => {
      let runs = 0;
      const failing = unitOfWork.snapshot(PLATFORM, (on) => {
        runs++;
        return on.execute(`DO $$ BEGIN RAISE EXCEPTION 'refused' USING ERRCODE = '40001'; END $$`);
      });
      await expect(failing).rejects.toMatchObject({ code: '40001' });
      expect(runs).toBe(1);
    });

    it('gives its connection back as it was, however it ends', async () => {
      const works = Array.from({ length: 50 }, (_, id) =>
        unitOfWork.snapshot(PLATFORM, async (on) => {
          if (id % 2 === 0) await on.query(`SELECT 1 / 0`);
        }),
      );
      const ends = await Promise.allSettled(works);
      expect(ends.filter(({ status }) => status === 'fulfilled')).toHaveLength(25);
      const { total } = expectNothingBusy();
      const settings = await Promise.all(
        Array.from({ length: total }, () =>
          unitOfWork.run(PLATFORM, (tx) =>
            tx.query(
              `SELECT current_setting('transaction_isolation') AS isolation, current_setting('transaction_read_only') AS "readOnly"`,
            ),
          ),
        ),
      );
      expect(new Set(settings.flat().map((row) => JSON.stringify(row)))).toEqual(
        new Set([JSON.stringify({ isolation: 'read committed', readOnly: 'off' })]),
      );
    });
  });

  it('streams rows in by COPY, and takes them back with everything else', async () => {
    const rows = function* () {
      yield '1\tone\n2\t';
      yield 'two\n';
    };
    await unitOfWork.run(PLATFORM, (tx) => tx.copyIn(`COPY notes (id, note) FROM STDIN`, rows()));
    await expect(ids()).resolves.toEqual([1, 2]);
    const breaking = function* () {
      yield '3\tthree\n';
      throw new Error('the source died');
    };
    await expect(
      unitOfWork.run(PLATFORM, (tx) => tx.copyIn(`COPY notes (id, note) FROM STDIN`, breaking())),
    ).rejects.toThrow('the source died');
    await expect(ids()).resolves.toEqual([1, 2]);
  });

  it('reads values as what they are: amounts as BigInt, dates as text, timestamps as Date', async () => {
    const [row] = await database.query(
      `SELECT 9007199254740993::bigint AS amount, DATE '2027-01-31' AS day, TIMESTAMPTZ '2027-01-31T09:00:00.123Z' AS at`,
    );
    const at = new Date('2027-01-31T09:00:00.123Z');
    expect(row).toEqual({ amount: 9_007_199_254_740_993n, day: '2027-01-31', at });
  });
});
