import { Injectable } from '@nestjs/common';
import { minIdAt, newId } from '../../../domain/ids.js';
import { unviolated } from '../../../platform/database/constraint-violation.js';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { LedgerInvariants } from '../domain/invariants.js';
import type { KindSum } from '../domain/kind-sum.js';
import type { AccountEntry, LedgerEntryKind, NewLedgerEntry } from '../domain/ledger-entry.js';
import { legsOf } from '../domain/legs.js';

/** How far the clocks that make ids and the one that stamps rows may be apart; ids only narrow the search. */
const CLOCK_SLACK_MS = 86_400_000;

const INSERT_LEDGER_ENTRIES = prepared(
  'insert_ledger_entries',
  `INSERT INTO ledger_entries (organization_id, id, amount_minor, transfer_id, reference, debit_account_id, credit_account_id,
                               currency, kind)
   SELECT $1::uuid, e.id, e.amount_minor, e.transfer_id, e.reference, ($7::uuid[])[e.leg], ($8::uuid[])[e.leg],
          ($9::text[])[e.leg], ($10::text[])[e.leg]
     FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::text[], $6::int[])
          AS e (id, amount_minor, transfer_id, reference, leg)`,
);

@Injectable()
export class LedgerRepository {
  async insert(tx: Tx, organizationId: string, entries: readonly NewLedgerEntry[]): Promise<void> {
    const { legs, legOf } = legsOf(entries);
    await unviolated(
      'ledger entries',
      tx.execute(INSERT_LEDGER_ENTRIES, [
        organizationId,
        plainArray(entries.map((entry) => entry.id ?? newId())),
        plainArray(entries.map((entry) => entry.amountMinor)),
        plainArray(entries.map((entry) => entry.transferId ?? null)),
        entries.map((entry) => entry.reference ?? null),
        plainArray(legOf),
        legs.map((leg) => leg.debitAccountId),
        legs.map((leg) => leg.creditAccountId),
        legs.map((leg) => leg.currency),
        legs.map((leg) => leg.kind),
      ]),
    );
  }

  /** Which of the transfers have an entry of this kind. */
  async findBooked(on: Queryable, kind: LedgerEntryKind, transferIds: readonly string[]): Promise<string[]> {
    const rows = await on.query<{ transferId: string }>(
      `SELECT transfer_id AS "transferId" FROM ledger_entries WHERE transfer_id = ANY($2::uuid[]) AND kind = $1`,
      [kind, transferIds],
    );
    return rows.map((row) => row.transferId);
  }

  /**
   * Newest first, from before `beforeId` on. Each side is walked along its own index and no further than `limit`: an OR of
   * both would read every entry the account ever had.
   */
  async listOfAccount(
    on: Queryable,
    accountId: string,
    limit: number,
    beforeId: string | null,
  ): Promise<AccountEntry[]> {
    const side = (own: 'debit' | 'credit', other: 'debit' | 'credit') => `
      (SELECT id, kind, '${own}' AS direction, amount_minor AS "amountMinor", currency,
              ${other}_account_id AS "counterAccountId", transfer_id AS "transferId", reference, created_at AS "createdAt"
         FROM ledger_entries
        WHERE ${own}_account_id = $1 AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $2)`;
    return on.query<AccountEntry>(
      `${side('debit', 'credit')} UNION ALL ${side('credit', 'debit')} ORDER BY id DESC LIMIT $2`,
      [accountId, limit, beforeId],
    );
  }

  /** What was booked by then: today's balance less what came later, which is the shorter list. One statement, one snapshot. */
  async getPostedAt(on: Queryable, accountId: string, at: Date): Promise<bigint> {
    const later = (side: 'debit' | 'credit') => `
      coalesce((SELECT sum(amount_minor) FROM ledger_entries
                 WHERE ${side}_account_id = a.id AND id >= $3 AND created_at > $2), 0)`;
    const rows = await on.query<{ postedMinor: bigint }>(
      `SELECT (a.posted_minor - ${later('credit')} + ${later('debit')})::bigint AS "postedMinor"
         FROM accounts a WHERE a.id = $1`,
      [accountId, at, minIdAt(at.getTime() - CLOCK_SLACK_MS)],
    );
    return rows[0]?.postedMinor ?? 0n;
  }

  async sumOfBulkByKind(on: Queryable, bulkId: string): Promise<KindSum[]> {
    return on.query<KindSum>(
      `SELECT e.kind, count(*)::int AS entries, sum(e.amount_minor)::bigint AS "sumMinor"
         FROM transfers t JOIN ledger_entries e ON e.transfer_id = t.id WHERE t.bulk_id = $1 GROUP BY e.kind`,
      [bulkId],
    );
  }

  /** @param organizationId null: of all organizations; an entry never leaves its own, so each of them sums to zero, too */
  async sumPostedByCurrency(on: Queryable, organizationId: string | null): Promise<LedgerInvariants['sums']> {
    return on.query(
      `SELECT currency, sum(posted_minor)::bigint AS "postedMinor" FROM accounts
        WHERE $1::uuid IS NULL OR organization_id = $1
        GROUP BY currency ORDER BY currency`,
      [organizationId],
    );
  }

  async listPostedUnlikeEntries(on: Queryable, organizationId: string | null): Promise<LedgerInvariants['posted']> {
    return on.query(
      `WITH booked AS (
         SELECT account_id, sum(amount_minor) AS amount_minor
           FROM (SELECT credit_account_id AS account_id, amount_minor FROM ledger_entries
                  WHERE $1::uuid IS NULL OR organization_id = $1
                 UNION ALL SELECT debit_account_id, -amount_minor FROM ledger_entries
                            WHERE $1::uuid IS NULL OR organization_id = $1) AS sides
          GROUP BY account_id)
       SELECT a.id AS "accountId", a.organization_id AS "organizationId", a.currency, a.posted_minor AS "postedMinor",
              coalesce(b.amount_minor, 0)::bigint AS "entriesMinor"
         FROM accounts a LEFT JOIN booked b ON b.account_id = a.id
        WHERE a.posted_minor <> coalesce(b.amount_minor, 0) AND ($1::uuid IS NULL OR a.organization_id = $1)`,
      [organizationId],
    );
  }

  async listReservedUnlikeHolds(on: Queryable, organizationId: string | null): Promise<LedgerInvariants['reserved']> {
    return on.query(
      `WITH held AS (
         SELECT account_id, sum(amount_minor - captured_minor - released_minor) AS amount_minor FROM holds
          WHERE $1::uuid IS NULL OR organization_id = $1
          GROUP BY account_id)
       SELECT a.id AS "accountId", a.organization_id AS "organizationId", a.currency, a.reserved_minor AS "reservedMinor",
              coalesce(h.amount_minor, 0)::bigint AS "heldMinor"
         FROM accounts a LEFT JOIN held h ON h.account_id = a.id
        WHERE a.reserved_minor <> coalesce(h.amount_minor, 0) AND ($1::uuid IS NULL OR a.organization_id = $1)`,
      [organizationId],
    );
  }
}

/**
 * An array in PostgreSQL's own writing, for ids and numbers: nothing in them wants quoting, and the driver's general way costs
 * several times as much, which shows when every paid transfer passes here.
 */
const plainArray = (values: readonly (string | bigint | number | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join(',')}}`;
