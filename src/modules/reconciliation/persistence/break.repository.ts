import { Injectable } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import { unviolated } from '../../../platform/database/constraint-violation.js';
import { Database, PLATFORM, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { Break, BreakClass, NewBreak, Resolution } from '../domain/break.js';
import type { BreakStatus } from '../domain/break.state.js';

type StoredBreak = Omit<Break, 'laterFindings'> & {
  readonly laterFindings: readonly { readonly at: string; readonly found: string }[];
};

const BREAK = `b.id, b.organization_id AS "organizationId", b.rail, b.class, b.source, b.status, b.run_id AS "runId",
  b.bulk_id AS "bulkId", b.transfer_id AS "transferId", b.reference, b.rail_id AS "railId",
  b.amount_minor AS "amountMinor", b.currency, b.expected, b.found, b.later_findings AS "laterFindings",
  b.suspense_minor AS "suspenseMinor", b.assignee, b.resolution, b.note, b.opened_at AS "openedAt",
  b.resolved_at AS "resolvedAt", b.resolved_by AS "resolvedBy"`;

export interface OpenedBreak {
  readonly id: string;
  readonly organizationId: string | null;
  readonly rail: string;
  readonly class: BreakClass;
  readonly source: string;
}

export interface BreakFilter {
  /** Null: of all organizations, and nobody's. */
  readonly organizationId: string | null;
  readonly status?: BreakStatus | undefined;
  readonly class?: BreakClass | undefined;
  readonly rail?: string | undefined;
}

/** Something found again about what a break is open for already. */
export interface RepeatedFinding {
  readonly dedupeKey: string;
  readonly found: string;
}

export interface LockedBreak extends Break {
  /** Of the transfer or bulk request that the break is about. */
  readonly debtorAccountId: string | null;
}

@Injectable()
export class BreakRepository {
  private readonly all: Queryable;

  constructor(database: Database) {
    this.all = database.as(PLATFORM);
  }

  /**
   * Opens what is not open, or resolved, already. What contradictions put on suspense about a transfer is one entry, so only one break
   * carries it, however many the rail's words about that transfer are. And one does: when the break about this word was opened, or even
   * resolved, before there was money, another one is opened for the money.
   */
  async insert(tx: Tx, breaks: readonly NewBreak[]): Promise<OpenedBreak[]> {
    if (breaks.length === 0) return [];
    const column = <T>(read: (one: NewBreak) => T): T[] => breaks.map(read);
    return unviolated(
      'reconciliation breaks',
      tx.query<OpenedBreak>(
        `INSERT INTO reconciliation_breaks (id, organization_id, rail, class, source, run_id, bulk_id, transfer_id,
                                            reference, rail_id, amount_minor, currency, expected, found, dedupe_key,
                                            suspense_minor)
         SELECT n.id, n.organization_id, n.rail, n.class, n.source, n.run_id, n.bulk_id, n.transfer_id, n.reference,
                n.rail_id, n.amount_minor, n.currency, n.expected, n.found,
                CASE WHEN n.source = 'evidence' AND n.suspense_minor <> 0 AND NOT told.carried AND told.is_known
                     THEN n.dedupe_key || ':suspense' ELSE n.dedupe_key END,
                CASE WHEN n.source = 'evidence' AND told.carried THEN 0 ELSE n.suspense_minor END
           FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[],
                       $9::text[], $10::text[], $11::bigint[], $12::text[], $13::text[], $14::text[], $15::text[],
                       $16::bigint[])
                AS n (id, organization_id, rail, class, source, run_id, bulk_id, transfer_id, reference, rail_id,
                      amount_minor, currency, expected, found, dedupe_key, suspense_minor)
          CROSS JOIN LATERAL (
            SELECT EXISTS (SELECT FROM reconciliation_breaks o WHERE o.dedupe_key = n.dedupe_key) AS is_known,
                   EXISTS (SELECT FROM reconciliation_breaks o
                            WHERE o.transfer_id = n.transfer_id AND o.source = 'evidence' AND o.suspense_minor <> 0) AS carried) told
          ORDER BY n.dedupe_key
         ON CONFLICT (dedupe_key) DO NOTHING
         RETURNING id, organization_id AS "organizationId", rail, class, source`,
        [
          column(() => newId()),
          column((one) => one.organizationId),
          column((one) => one.rail),
          column((one) => one.class),
          column((one) => one.source),
          column((one) => one.runId ?? null),
          column((one) => one.bulkId ?? null),
          column((one) => one.transferId ?? null),
          column((one) => one.reference ?? null),
          column((one) => one.railId ?? null),
          column((one) => one.amountMinor ?? null),
          column((one) => one.currency ?? null),
          column((one) => one.expected),
          column((one) => one.found),
          column((one) => one.dedupeKey),
          column((one) => one.suspenseMinor ?? 0n),
        ],
      ),
    );
  }

  /** Until the transaction ends, nobody else turns evidence into breaks. False: somebody does. */
  async tryLockReporting(tx: Tx): Promise<boolean> {
    const [row] = await tx.query<{ locked: boolean }>(
      `SELECT pg_try_advisory_xact_lock(hashtextextended('reconciliation-evidence', 0)) AS locked`,
    );
    return row?.locked === true;
  }

  /** Which of these a break does not tell yet, as what it was opened for or as what was found later. */
  async listUntold(tx: Tx, findings: readonly RepeatedFinding[]): Promise<RepeatedFinding[]> {
    if (findings.length === 0) return [];
    return tx.query<RepeatedFinding>(
      `SELECT n.dedupe_key AS "dedupeKey", n.found
         FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS n (dedupe_key, found, position)
         JOIN reconciliation_breaks b ON b.dedupe_key = n.dedupe_key
        WHERE b.found <> n.found AND NOT b.later_findings @> jsonb_build_array(jsonb_build_object('found', n.found))
        ORDER BY n.position`,
      [findings.map((one) => one.dedupeKey), findings.map((one) => one.found)],
    );
  }

  /** Notes it on the break, once. */
  async note(tx: Tx, { dedupeKey, found }: RepeatedFinding): Promise<void> {
    await tx.execute(
      `UPDATE reconciliation_breaks
          SET later_findings = later_findings || jsonb_build_array(jsonb_build_object('at', now(), 'found', $2::text))
        WHERE dedupe_key = $1 AND found <> $2
          AND NOT later_findings @> jsonb_build_array(jsonb_build_object('found', $2::text))`,
      [dedupeKey, found],
    );
  }

  /** Before any account: whoever holds accounts does not wait for breaks. */
  async lock(tx: Tx, organizationId: string | null, id: string): Promise<LockedBreak | null> {
    const [row] = await tx.query<StoredBreak & { debtorAccountId: string | null }>(
      `SELECT ${BREAK}, coalesce(t.debtor_account_id, q.debtor_account_id) AS "debtorAccountId"
         FROM reconciliation_breaks b
         LEFT JOIN transfers t ON t.id = b.transfer_id
         LEFT JOIN bulk_requests q ON q.id = b.bulk_id
        WHERE b.id = $1 AND ($2::uuid IS NULL OR b.organization_id = $2)
          FOR NO KEY UPDATE OF b`,
      [id, organizationId],
    );
    return row ? { ...toBreak(row), debtorAccountId: row.debtorAccountId } : null;
  }

  /** Null when the break is no longer in one of the expected states. */
  async assign(tx: Tx, id: string, from: readonly BreakStatus[], assignee: string): Promise<Break | null> {
    const [row] = await tx.query<StoredBreak>(
      `UPDATE reconciliation_breaks b SET status = 'assigned', assignee = $3
        WHERE id = $1 AND status = ANY($2::text[]) RETURNING ${BREAK}`,
      [id, from, assignee],
    );
    return row ? toBreak(row) : null;
  }

  /** Null when the break is no longer in one of the expected states. */
  async resolve(
    tx: Tx,
    id: string,
    from: readonly BreakStatus[],
    how: { readonly resolution: Resolution; readonly note: string; readonly by: string },
  ): Promise<Break | null> {
    const [row] = await tx.query<StoredBreak>(
      `UPDATE reconciliation_breaks b
          SET status = 'resolved', resolution = $3, note = $4, resolved_by = $5, resolved_at = now()
        WHERE id = $1 AND status = ANY($2::text[]) RETURNING ${BREAK}`,
      [id, from, how.resolution, how.note, how.by],
    );
    return row ? toBreak(row) : null;
  }

  async find(on: Queryable, organizationId: string | null, id: string): Promise<Break | null> {
    const [row] = await on.query<StoredBreak>(
      `SELECT ${BREAK} FROM reconciliation_breaks b WHERE id = $1 AND ($2::uuid IS NULL OR organization_id = $2)`,
      [id, organizationId],
    );
    return row ? toBreak(row) : null;
  }

  /** Newest first, from before `beforeId` on. */
  async list(on: Queryable, filter: BreakFilter, limit: number, beforeId: string | null): Promise<Break[]> {
    const rows = await on.query<StoredBreak>(
      `SELECT ${BREAK} FROM reconciliation_breaks b
        WHERE ($1::uuid IS NULL OR organization_id = $1) AND ($2::text IS NULL OR status = $2)
          AND ($3::text IS NULL OR class = $3) AND ($4::text IS NULL OR rail = $4) AND ($5::uuid IS NULL OR id < $5)
        ORDER BY id DESC LIMIT $6`,
      [filter.organizationId, filter.status ?? null, filter.class ?? null, filter.rail ?? null, beforeId, limit],
    );
    return rows.map(toBreak);
  }

  async countOfRun(on: Queryable, runId: string): Promise<number> {
    const [row] = await on.query<{ count: number }>(
      `SELECT count(*)::int AS count FROM reconciliation_breaks WHERE run_id = $1`,
      [runId],
    );
    return row?.count ?? 0;
  }

  /** For metrics. */
  async countUnresolved(): Promise<{ readonly class: BreakClass; readonly count: number }[]> {
    return this.all.query(
      `SELECT class, count(*)::int AS count FROM reconciliation_breaks WHERE status <> 'resolved' GROUP BY class`,
    );
  }
}

const toBreak = (row: StoredBreak): Break => ({
  ...row,
  laterFindings: row.laterFindings.map(({ at, found }) => ({ at: new Date(at), found })),
});
