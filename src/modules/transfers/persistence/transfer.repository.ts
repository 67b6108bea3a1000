import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import { copyRow } from '../../../platform/database/index.js';
import { slices } from '../domain/chunk.js';
import type { Line, Move } from '../domain/line.js';
import type { RecordPlan } from '../domain/plan-record.js';
import type { SealedIban, StoredIban } from '../domain/stored-iban.js';
import { isRare, type StoredTransferStatus, storedStatus } from '../domain/transfer.state.js';

/** A line of an accepted bulk, ready to be stored. */
export interface NewTransfer {
  readonly id: string;
  readonly line: number;
  readonly rail: string;
  readonly creditorAccountId: string | null;
  readonly amountMinor: bigint;
  readonly counterpartyName: string;
  readonly counterpartyIban: string;
  /** What its counterparty is found by, under the current key. */
  readonly counterpartyIndex: bigint;
  readonly counterpartyBic: string | null;
  readonly description: string | null;
  readonly purposeCode: string | null;
  readonly clientTransferId: string | null;
  /** The transfer it pays again, or takes back. */
  readonly originTransferId: string | null;
}

/** What of a bulk its first chunks own. */
export interface NewChunkLines {
  readonly chunkId: string;
  readonly lines: readonly NewTransfer[];
}

/** Seals the IBANs of lines, in their order. */
export type SealLines = (lines: readonly NewTransfer[]) => readonly SealedIban[];

export interface NewTransfersOwner {
  readonly organizationId: string;
  readonly bulkId: string;
  readonly debtorAccountId: string;
  readonly currency: string;
}

/** Behind a pooler a session, with this table in it, outlives a release: a table of other columns or another owner needs another name. */
const INTAKE = 'transfer_intake_2';
const INTAKE_COLUMNS = `id, chunk_id, line, rail, creditor_account_id, amount_minor, counterparty_name,
  counterparty_iban_sealed, counterparty_index, counterparty_bic, description, purpose_code, client_transfer_id, origin_transfer_id`;
const ROWS_PER_BLOCK = 500;

export interface TransferState extends Omit<Line, 'status'> {
  readonly status: StoredTransferStatus;
  readonly chunkId: string;
}

/** An open line that no unfinished chunk owns. */
export interface OrphanedLine extends Line {
  readonly rail: string;
  /** Its chunk let it out, or is gone and cannot tell. */
  readonly mayHaveLeft: boolean;
}

/** A settled line, as it would be taken back. */
export type UnreversedLine = Omit<NewTransfer, 'counterpartyIban' | 'originTransferId'> & StoredIban;

const MOVE_TRANSFERS = prepared(
  'move_transfers',
  `UPDATE transfers SET status = $2, attention = $3, attempts = attempts + $4, possibly_sent = $5,
          rail_id = coalesce($8::jsonb ->> line::text, rail_id),
          chunk_id = coalesce(($9::jsonb ->> line::text)::uuid, chunk_id),
          failure_code = $10::jsonb ->> line::text, failure_detail = $11::jsonb ->> line::text,
          settled_at = CASE WHEN $2 = 'settled' THEN now() ELSE settled_at END
    WHERE bulk_id = $6 AND line = ANY($7::int[]) AND status = $1 AND ($12::uuid IS NULL OR chunk_id = $12)`,
);

@Injectable()
export class TransferRepository {
  /**
   * Stores thousands of rows by COPY, through a temporary table of the session: COPY refuses tables with row level security, and
   * the columns all rows share need not travel. `seal` is asked block by block, while PostgreSQL reads the one before.
   */
  async insertMany(tx: Tx, owner: NewTransfersOwner, chunks: readonly NewChunkLines[], seal: SealLines): Promise<void> {
    await tx.execute(
      `CREATE TEMP TABLE IF NOT EXISTS ${INTAKE} (
         id uuid, chunk_id uuid, line integer, rail text, creditor_account_id uuid, amount_minor bigint,
         counterparty_name text, counterparty_iban_sealed bytea, counterparty_index bigint, counterparty_bic text,
         description text, purpose_code text, client_transfer_id text, origin_transfer_id uuid) ON COMMIT DELETE ROWS`,
    );
    await tx.copyIn(`COPY ${INTAKE} (${INTAKE_COLUMNS}) FROM STDIN`, copyBlocks(chunks, seal));
    const inserted = await tx.execute(
      `INSERT INTO transfers (organization_id, bulk_id, debtor_account_id, currency, ${INTAKE_COLUMNS})
       SELECT $1, $2, $3, $4, ${INTAKE_COLUMNS} FROM ${INTAKE}`,
      [owner.organizationId, owner.bulkId, owner.debtorAccountId, owner.currency],
    );
    const expected = chunks.reduce((count, { lines }) => count + lines.length, 0);
    if (inserted !== expected) throw invariantViolated(`${inserted} of ${expected} transfers stored`);
  }

  /**
   * Writes what moves of one bulk say, a statement per kind of move. Each row must still be in the state its move expects and, when
   * given, belong to `chunkId`; a row that is not rolls the whole record back.
   */
  async applyMoves(
    tx: Tx,
    bulkId: string,
    { moves, chunkOf }: Pick<RecordPlan, 'moves' | 'chunkOf'>,
    chunkId: string | null,
  ): Promise<void> {
    const groups = new Map<string, Move[]>();
    for (const move of moves) {
      const key = `${storedStatus(move.from)} ${storedStatus(move.to)} ${move.attempts - move.line.attempts} ${move.possiblySent}`;
      const group = groups.get(key);
      if (group) group.push(move);
      else groups.set(key, [move]);
    }
    for (const group of groups.values()) await this.applyGroup(tx, bulkId, group, chunkOf, chunkId);
  }

  /**
   * Rows are found by `(bulk_id, line)` and what differs between them comes as JSON by line: a join with `unnest` of the same arrays is
   * planned as a nested loop over the whole chunk as long as the table has no statistics (measured: 70 ms instead of 5).
   */
  private async applyGroup(
    tx: Tx,
    bulkId: string,
    moves: readonly Move[],
    chunkOf: ReadonlyMap<string, string>,
    chunkId: string | null,
  ): Promise<void> {
    const [first] = moves;
    if (!first) return;
    const to = storedStatus(first.to);
    const updated = await tx.execute(MOVE_TRANSFERS, [
      storedStatus(first.from),
      to,
      isRare(to) ? to : null,
      first.attempts - first.line.attempts,
      first.possiblySent,
      bulkId,
      moves.map((move) => move.line.line),
      byLine(moves, (move) => move.railId),
      byLine(moves, (move) => chunkOf.get(move.line.id) ?? null),
      byLine(moves, (move) => move.code),
      byLine(moves, (move) => move.detail),
      chunkId,
    ]);
    if (updated !== moves.length) {
      throw invariantViolated(`${updated} of ${moves.length} transfers moved from ${first.from} to ${first.to}`);
    }
  }

  /** Every move but the plain one: a line settled by its first submission is told by its own row and its chunk. */
  async insertTransitions(
    tx: Tx,
    organizationId: string,
    chunk: { id: string; leasedAt: Date | null } | null,
    moves: readonly Move[],
  ): Promise<void> {
    const told = moves.filter(
      (move) => move.from !== move.to && (move.source !== 'submission' || move.to !== 'settled'),
    );
    if (told.length === 0) return;
    await tx.execute(
      `INSERT INTO transfer_transitions (organization_id, chunk_id, started_at, transfer_id, source, attempt, from_status,
                                         to_status, code, detail)
       SELECT $1, $2, $3, * FROM unnest($4::uuid[], $5::text[], $6::int[], $7::text[], $8::text[], $9::text[], $10::text[])`,
      [
        organizationId,
        chunk?.id ?? null,
        chunk?.leasedAt ?? null,
        told.map((move) => move.line.id),
        told.map((move) => move.source),
        told.map((move) => move.attempts),
        told.map((move) => move.from),
        told.map((move) => move.to),
        told.map((move) => move.code),
        told.map((move) => move.detail),
      ],
    );
  }

  /** Current states, locked in order. */
  async lockStates(tx: Tx, ids: readonly string[]): Promise<TransferState[]> {
    return tx.query<TransferState>(
      `SELECT id, line, status, attempts, possibly_sent AS "possiblySent", amount_minor AS "amountMinor", chunk_id AS "chunkId"
         FROM transfers WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
      [ids],
    );
  }

  /**
   * Of these reversals, those whose payments have come back by themselves. Locks the payments, in order: until the transaction ends, none of
   * the others comes back. Who holds a payment's lock waits for no reversal.
   */
  async lockReturnedOrigins(tx: Tx, reversalIds: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `WITH origin AS (
         SELECT id, status FROM transfers WHERE id IN (SELECT origin_transfer_id FROM transfers WHERE id = ANY($1::uuid[]))
          ORDER BY id FOR NO KEY UPDATE)
       SELECT r.id FROM origin o JOIN transfers r ON r.origin_transfer_id = o.id WHERE o.status = 'returned'`,
      [reversalIds],
    );
    return rows.map((row) => row.id);
  }

  /** Of these settled or returned transfers, those that a reversal has taken back. The caller holds their locks. */
  async listTakenBack(tx: Tx, ids: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `SELECT origin_transfer_id AS id FROM transfers WHERE origin_transfer_id = ANY($1::uuid[]) AND status = 'settled'`,
      [ids],
    );
    return rows.map((row) => row.id);
  }

  /** Settled lines of a bulk that no reversal takes back yet, in order. */
  async listUnreversed(on: Queryable, bulkId: string): Promise<UnreversedLine[]> {
    return on.query(
      `SELECT id, line, rail, creditor_account_id AS "creditorAccountId", amount_minor AS "amountMinor",
              counterparty_name AS "counterpartyName", counterparty_iban_sealed AS "ibanSealed",
              counterparty_iban AS "ibanPlain", counterparty_bic AS "counterpartyBic", description,
              purpose_code AS "purposeCode", client_transfer_id AS "clientTransferId"
         FROM transfers t
        WHERE bulk_id = $1 AND status = 'settled'
          AND NOT EXISTS (SELECT FROM transfers r WHERE r.origin_transfer_id = t.id)
        ORDER BY line`,
      [bulkId],
    );
  }

  /** Open lines of a bulk that no unfinished chunk owns: nobody would ever work on them. */
  async listOrphans(on: Queryable, bulkId: string): Promise<OrphanedLine[]> {
    return on.query(
      `SELECT t.id, t.line, t.status, t.attempts, t.possibly_sent AS "possiblySent", t.amount_minor AS "amountMinor", t.rail,
              c.id IS NULL OR coalesce(c.purpose = 'submit' AND t.line <= c.submitted_through, false) AS "mayHaveLeft"
         FROM transfers t LEFT JOIN chunks c ON c.id = t.chunk_id
        WHERE t.bulk_id = $1 AND t.status IN ('pending', 'submitted', 'in_doubt') AND (c.id IS NULL OR c.closed_at IS NOT NULL)
        ORDER BY t.line`,
      [bulkId],
    );
  }
}

/** A JSON object of what each line has, by line; null when none has anything. */
function byLine(moves: readonly Move[], valueOf: (move: Move) => string | null): string | null {
  const values: Record<number, string> = {};
  let any = false;
  for (const move of moves) {
    const value = valueOf(move);
    if (value === null) continue;
    values[move.line.line] = value;
    any = true;
  }
  return any ? JSON.stringify(values) : null;
}

function* copyBlocks(chunks: readonly NewChunkLines[], seal: SealLines): Iterable<string> {
  for (const { chunkId, lines } of chunks) {
    for (const part of slices(lines, ROWS_PER_BLOCK)) {
      const ibans = seal(part);
      yield part.map((line, index) => rowOf(chunkId, line, ibans[index])).join('');
    }
  }
}

const rowOf = (chunkId: string, line: NewTransfer, iban: SealedIban | undefined): string =>
  copyRow([
    line.id,
    chunkId,
    line.line,
    line.rail,
    line.creditorAccountId,
    line.amountMinor,
    line.counterpartyName,
    iban?.sealed ?? null,
    iban?.index ?? null,
    line.counterpartyBic,
    line.description,
    line.purposeCode,
    line.clientTransferId,
    line.originTransferId,
  ]);
