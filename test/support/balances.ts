import type { INestApplicationContext } from '@nestjs/common';
import { areKept, LedgerQueries } from '../../src/modules/ledger/index.js';
import { ownerOf } from './owner.js';

/*
 * What accounts have and what was booked on them, in minor units.
 */

export async function balanceOf(
  app: INestApplicationContext,
  accountId: string,
): Promise<{ posted: bigint; reserved: bigint } | undefined> {
  const [row] = await ownerOf(app).query<{
    posted: bigint;
    reserved: bigint;
  }>(`SELECT posted_minor AS posted, reserved_minor AS reserved FROM accounts WHERE id = $1`, [accountId]);
  return row;
}

/** Posted, by kind of account, of all accounts of an organization but those that mirror its banks'. */
export async function postedByKind(
  app: INestApplicationContext,
  organizationId: string,
): Promise<Record<string, bigint>> {
  const rows = await ownerOf(app).query<{ kind: string; posted: bigint }>(
    `SELECT kind, sum(posted_minor)::bigint AS posted FROM accounts
      WHERE organization_id = $1 AND kind <> 'bank' GROUP BY kind`,
    [organizationId],
  );
  return Object.fromEntries(rows.map(({ kind, posted }) => [kind, posted]));
}

/** What was booked about a bulk's lines, line by line, between which kinds of account. */
export function entriesOf(app: INestApplicationContext, bulkId: string) {
  return ownerOf(app).query<{ kind: string; from: string; to: string; amount: bigint }>(
    `SELECT e.kind, d.kind AS "from", c.kind AS "to", e.amount_minor AS amount
       FROM ledger_entries e JOIN transfers t ON t.id = e.transfer_id
       JOIN accounts d ON d.id = e.debit_account_id JOIN accounts c ON c.id = e.credit_account_id
      WHERE t.bulk_id = $1 ORDER BY t.line, e.id`,
    [bulkId],
  );
}

/** The ledger's own invariants; for tests that tamper with the bank, whose journal `assertInvariants` would hold against ours. */
export async function assertLedgerAddsUp(app: INestApplicationContext): Promise<void> {
  const invariants = await app.get(LedgerQueries, { strict: false }).invariants(ownerOf(app));
  if (!areKept(invariants)) throw new Error('The ledger does not add up.', { cause: invariants });
}
