import { Injectable } from '@nestjs/common';
import { notFound } from '../../../domain/errors.js';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { ChunkPurpose, NewChunk } from '../domain/chunk.js';
import type { PayableLine } from '../domain/line.js';
import { isSwitchedOff } from './kill-switch.repository.js';

/** A chunk as discovery knows it. */
export interface ChunkKey {
  readonly id: string;
  readonly organizationId: string;
}

/** A chunk under a lease, with what the engine needs of its bulk. */
export interface LeasedChunk {
  readonly id: string;
  readonly organizationId: string;
  readonly bulkId: string;
  readonly purpose: ChunkPurpose;
  readonly rail: string;
  readonly lineFrom: number;
  readonly lineTo: number;
  readonly lineCount: number;
  readonly tries: number;
  readonly deaths: number;
  readonly submittedThrough: number | null;
  /** Since these lines were first asked about, in milliseconds. */
  readonly waitedMs: number;
}

/** What the engine reads of the bulk a chunk belongs to; bulk-requests owns the row. */
export interface ChunkBulk {
  readonly id: string;
  readonly organizationId: string;
  readonly status: string;
  readonly onFailure: string;
  readonly debtorAccountId: string;
  readonly debtorStatus: string;
  readonly debtorIban: string | null;
  readonly debtorBic: string | null;
  readonly currency: string;
  readonly transferCount: number;
  readonly urgent: boolean;
  /** Its transfers take others back: money comes in, and nothing is reserved for it. */
  readonly isReversal: boolean;
}

const CHUNK_COLUMNS = `id, organization_id AS "organizationId", bulk_id AS "bulkId", purpose, rail, line_from AS "lineFrom",
  line_to AS "lineTo", line_count AS "lineCount", tries, deaths, submitted_through AS "submittedThrough",
  (extract(epoch FROM now() - waiting_since) * 1000)::float8 AS "waitedMs"`;

const SELECT_BULK = `SELECT b.id, b.organization_id AS "organizationId", b.status, b.on_failure AS "onFailure", b.currency,
  b.transfer_count AS "transferCount",
  b.priority = 'urgent' AS urgent, b.origin IS NOT DISTINCT FROM 'reversal' AS "isReversal",
  b.debtor_account_id AS "debtorAccountId", a.status AS "debtorStatus", a.iban AS "debtorIban", a.bic AS "debtorBic"
  FROM bulk_requests b JOIN accounts a ON a.id = b.debtor_account_id`;

const LINE_COLUMNS = `id, line, status, attempts, possibly_sent AS "possiblySent", amount_minor AS "amountMinor", currency,
  creditor_account_id AS "creditorAccountId", counterparty_name AS "counterpartyName",
  counterparty_iban_sealed AS "ibanSealed", counterparty_iban AS "ibanPlain", counterparty_bic AS "counterpartyBic", description,
  origin_transfer_id AS "originTransferId"`;

const LOCK_BULK_FOR_SHARE = prepared(
  'lock_bulk_for_share',
  `${SELECT_BULK} WHERE b.id = (SELECT bulk_id FROM chunks WHERE id = $1) FOR SHARE OF b`,
);

const GET_BULK = prepared('get_bulk', `${SELECT_BULK} WHERE b.id = $1`);

const LEASE_CHUNK = prepared(
  'lease_chunk',
  `UPDATE chunks SET status = 'leased', lease_attempt = lease_attempt + 1, lease_token = $2, leased_at = now(),
          lease_expires_at = now() + $3 * interval '1 ms', submitted_through = NULL, window_lines = 0
    WHERE id = $1 AND status IN ('open', 'dispatched') AND (due_at <= now() OR ($4 AND purpose = 'submit'))
    RETURNING ${CHUNK_COLUMNS}`,
);

const LIST_OPEN_LINES = prepared(
  'list_open_lines',
  `SELECT ${LINE_COLUMNS} FROM transfers
    WHERE bulk_id = $1 AND line BETWEEN $2 AND $3 AND chunk_id = $4 AND status = ANY($5::text[])
    ORDER BY line`,
);

const GRANT_WINDOW = prepared(
  'grant_window',
  `UPDATE chunks c SET submitted_through = $3, window_lines = window_lines + $4,
          lease_expires_at = now() + $5 * interval '1 ms'
     FROM bulk_requests b
    WHERE c.id = $1 AND c.lease_token = $2 AND c.status = 'leased' AND b.id = c.bulk_id AND b.status = 'processing'
      AND NOT ${isSwitchedOff('c.rail', 'c.organization_id')}`,
);

const LOCK_LEASED_CHUNK = prepared(
  'lock_leased_chunk',
  `SELECT id FROM chunks WHERE id = $1 AND lease_token = $2 AND status = 'leased' FOR NO KEY UPDATE`,
);

const CLOSE_CHUNKS = prepared(
  'close_chunks',
  `UPDATE chunks SET status = 'closed', closed_at = now(), window_lines = 0, lease_token = NULL
    WHERE id = ANY($1::uuid[])`,
);

/** Leases on chunks: the statements of one worker executing one chunk. */
@Injectable()
export class ChunkRepository {
  async insert(
    tx: Tx,
    owner: { organizationId: string; bulkId: string; urgent: boolean },
    chunks: readonly NewChunk[],
  ): Promise<void> {
    if (chunks.length === 0) return;
    await tx.execute(
      `INSERT INTO chunks (organization_id, bulk_id, urgent, id, parent_id, purpose, rail, line_from, line_to, line_count,
                           tries, deaths, due_at, waiting_since)
       SELECT $1, $2, $3, id, parent_id, purpose, rail, line_from, line_to, line_count, tries, deaths,
              coalesce(now() + due_in * interval '1 ms', 'infinity'),
              coalesce((SELECT p.waiting_since FROM chunks p
                         WHERE p.id = c.parent_id AND p.purpose <> 'submit' AND c.purpose <> 'submit'), now())
         FROM unnest($4::uuid[], $5::uuid[], $6::text[], $7::text[], $8::int[], $9::int[], $10::int[], $11::int[],
                     $12::int[], $13::bigint[])
              AS c (id, parent_id, purpose, rail, line_from, line_to, line_count, tries, deaths, due_in)`,
      [
        owner.organizationId,
        owner.bulkId,
        owner.urgent,
        chunks.map((chunk) => chunk.id),
        chunks.map((chunk) => chunk.parentId),
        chunks.map((chunk) => chunk.purpose),
        chunks.map((chunk) => chunk.rail),
        chunks.map((chunk) => chunk.lineFrom),
        chunks.map((chunk) => chunk.lineTo),
        chunks.map((chunk) => chunk.lineCount),
        chunks.map((chunk) => chunk.tries),
        chunks.map((chunk) => chunk.deaths),
        chunks.map((chunk) => chunk.dueInMs),
      ],
    );
  }

  /** First lock of a lease: the bulk may not be stopped, paused or completed while its work is being handed out. */
  async lockBulkForShare(tx: Tx, chunkId: string): Promise<ChunkBulk | null> {
    const [row] = await tx.query<ChunkBulk>(LOCK_BULK_FOR_SHARE, [chunkId]);
    return row ?? null;
  }

  /** The bulk as it is now, without a lock: recording never waits for it. */
  async getBulk(tx: Tx, bulkId: string): Promise<ChunkBulk> {
    const [row] = await tx.query<ChunkBulk>(GET_BULK, [bulkId]);
    if (!row) throw notFound('bulk request');
    return row;
  }

  /** Null when the chunk is done, taken, or not due: a job that came twice, or late. `early` takes a submission before its time. */
  async lease(
    tx: Tx,
    { chunkId, token, leaseMs, early }: { chunkId: string; token: string; leaseMs: number; early: boolean },
  ): Promise<LeasedChunk | null> {
    const [row] = await tx.query<LeasedChunk>(LEASE_CHUNK, [chunkId, token, leaseMs, early]);
    return row ?? null;
  }

  /** The lines a chunk still owns, in order. */
  async openLines(tx: Tx, chunk: LeasedChunk): Promise<PayableLine[]> {
    return tx.query<PayableLine>(LIST_OPEN_LINES, [
      chunk.bulkId,
      chunk.lineFrom,
      chunk.lineTo,
      chunk.id,
      chunk.purpose === 'submit' ? ['pending'] : ['in_doubt', 'submitted'],
    ]);
  }

  /**
   * Grants the lines up to `throughLine` to the rail and renews the lease. False when the lease is lost, or the bulk or a kill
   * switch does not allow work: then nothing of this window may be sent. The caller shares the lock of the switches.
   */
  async grantWindow(
    tx: Tx,
    grant: { chunkId: string; token: string; throughLine: number; windowLines: number; leaseMs: number },
  ): Promise<boolean> {
    const granted = await tx.execute(GRANT_WINDOW, [
      grant.chunkId,
      grant.token,
      grant.throughLine,
      grant.windowLines,
      grant.leaseMs,
    ]);
    return granted === 1;
  }

  /** The fence before a record: false when somebody else has decided about this chunk meanwhile. */
  async lockLeased(tx: Tx, chunkId: string, token: string): Promise<boolean> {
    const rows = await tx.query(LOCK_LEASED_CHUNK, [chunkId, token]);
    return rows.length === 1;
  }

  /** Chunks whose lease has run out. */
  async listExpired(on: Queryable, limit: number): Promise<ChunkKey[]> {
    return on.query<ChunkKey>(
      `SELECT id, organization_id AS "organizationId" FROM chunks
        WHERE status = 'leased' AND lease_expires_at < now() ORDER BY lease_expires_at LIMIT $1`,
      [limit],
    );
  }

  /** Null when its lease was ended meanwhile, or somebody is just recording it. */
  async lockExpired(tx: Tx, chunkId: string): Promise<LeasedChunk | null> {
    const [row] = await tx.query<LeasedChunk>(
      `SELECT ${CHUNK_COLUMNS} FROM chunks WHERE id = $1 AND status = 'leased' AND lease_expires_at < now()
          FOR NO KEY UPDATE SKIP LOCKED`,
      [chunkId],
    );
    return row ?? null;
  }

  /** The bulk's chunks that are waiting to be submitted and that nobody is executing. */
  async listUnleased(on: Queryable, bulkId: string): Promise<string[]> {
    const rows = await on.query<{ id: string }>(
      `SELECT id FROM chunks
        WHERE bulk_id = $1 AND closed_at IS NULL AND status IN ('open', 'dispatched') AND purpose = 'submit' ORDER BY id`,
      [bulkId],
    );
    return rows.map((row) => row.id);
  }

  /** Locks chunks in order; those under a lease are left out. */
  async lockUnleasedByIds(tx: Tx, ids: readonly string[]): Promise<string[]> {
    const rows = await tx.query<{ id: string }>(
      `SELECT id FROM chunks WHERE id = ANY($1::uuid[]) AND status <> 'leased' ORDER BY id FOR NO KEY UPDATE`,
      [ids],
    );
    return rows.map((row) => row.id);
  }

  async close(tx: Tx, ids: readonly string[]): Promise<void> {
    await tx.execute(CLOSE_CHUNKS, [ids]);
  }

  /** Closes those of which no line is open any more: what they wait for has been said already. The caller holds their locks. */
  async closeEmptied(tx: Tx, ids: readonly string[]): Promise<void> {
    await tx.execute(
      `UPDATE chunks c SET status = 'closed', closed_at = now()
        WHERE id = ANY($1::uuid[]) AND status IN ('open', 'dispatched') AND NOT EXISTS (
          SELECT FROM transfers t
           WHERE t.bulk_id = c.bulk_id AND t.line BETWEEN c.line_from AND c.line_to AND t.chunk_id = c.id
             AND t.status IN ('pending', 'submitted', 'in_doubt'))`,
      [ids],
    );
  }

  /** Gives a lease back unused: its bulk does not allow work now, or its rail takes nothing for a while. */
  async reopen(tx: Tx, chunkId: string, dueInMs = 0): Promise<void> {
    await tx.execute(
      `UPDATE chunks SET status = 'open', lease_token = NULL, lease_expires_at = NULL,
              due_at = greatest(due_at, now() + $2 * interval '1 ms')
        WHERE id = $1 AND status = 'leased'`,
      [chunkId, dueInMs],
    );
  }
}
