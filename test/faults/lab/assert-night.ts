import { formatAmount } from '../../../src/domain/money.js';
import { assertInvariants, type ExpectedState } from '../../support/invariants.js';
import type { BankPayment, TestBank } from '../../support/bank.js';
import type { Night } from './night.js';

export interface ExpectedNight extends ExpectedState {
  /** Transfers that wait for a person when all is quiet: how many there must be. */
  inReview?: number;
}

interface Books {
  sql: Night['sql'];
  bank: TestBank;
  acknowledged: readonly string[];
}

interface BookedTransfer {
  id: string;
  reference: string;
  bulk_id: string;
  status: string;
  amount: string;
  currency: string;
}

const EXECUTED = ['settled', 'returned'];

/** What must hold once nothing is under way: our own books, and ours against the bank's journal. */
export async function assertNight({ sql, bank, acknowledged }: Books, expected: ExpectedNight = {}): Promise<void> {
  await assertInvariants({ query: sql, execute: async () => 0 }, expected);
  const [transfers, payments] = [await transfersOf(sql), await bank.payments()];
  const paidThere = new Map(payments.map((payment) => [payment.reference, payment]));
  const excused = new Set(expected.contradicted ?? []);
  const wrong: string[] = [];
  for (const transfer of transfers) {
    const finding = excused.has(transfer.bulk_id) ? null : disagreement(transfer, paidThere.get(transfer.reference));
    if (finding) wrong.push(`${transfer.id}: ${finding}`);
    paidThere.delete(transfer.reference);
  }
  for (const { reference } of paidThere.values()) wrong.push(`${reference}: the bank knows it, and we do not`);
  const missing = await missingOf(sql, acknowledged);
  const inReview = transfers.filter((transfer) => transfer.status === 'manual_review').length;
  if (wrong.length > 0)
    await printHistories(
      sql,
      bank,
      wrong.slice(0, 3).map((line) => line.slice(0, 36)),
    );
  expect({ wrong: wrong.slice(0, 10), missing, inReview }).toEqual({
    wrong: [],
    missing: [],
    inReview: expected.inReview ?? 0,
  });
}

/** 3, 4 and 10: settled here if and only if executed there, once, with the same amount; what ended otherwise was not executed. */
function disagreement(ours: BookedTransfer, theirs: BankPayment | undefined): string | null {
  if (theirs && theirs.executions > 1) return `executed ${theirs.executions} times`;
  const isPaidThere = theirs !== undefined && EXECUTED.includes(theirs.status ?? '');
  if (isPaidThere && theirs.amount !== ours.amount) return `${ours.amount} here, ${theirs.amount} there`;
  if (ours.status === 'manual_review') return null;
  if (EXECUTED.includes(ours.status) && !isPaidThere)
    return `${ours.status} here, ${theirs?.status ?? 'unknown'} there`;
  if (!EXECUTED.includes(ours.status) && isPaidThere) return `${ours.status} here, executed there`;
  return null;
}

async function transfersOf(sql: Night['sql']): Promise<BookedTransfer[]> {
  const rows = await sql<Omit<BookedTransfer, 'amount'> & { minor: string }>(
    `SELECT id, replace(id::text, '-', '') AS reference, bulk_id, status, amount_minor::text AS minor, currency
       FROM transfers WHERE rail = 'http'`,
  );
  return rows.map(({ minor, ...row }) => ({ ...row, amount: formatAmount(BigInt(minor), row.currency) }));
}

/** 5: what was acknowledged exists. */
async function missingOf(sql: Night['sql'], acknowledged: readonly string[]): Promise<string[]> {
  const rows = await sql<{ id: string }>(`SELECT id FROM bulk_requests WHERE id = ANY($1::uuid[])`, [acknowledged]);
  const found = new Set(rows.map(({ id }) => id));
  return acknowledged.filter((id) => !found.has(id));
}

/** Everything there is about transfers: for whoever has to find out what happened that night. */
export async function printHistories(sql: Night['sql'], bank: TestBank, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const about = {
      transfer: await sql(`SELECT * FROM transfers WHERE id::text = $1`, [id]),
      transitions: await sql(`SELECT * FROM transfer_transitions WHERE transfer_id::text = $1 ORDER BY id`, [id]),
      chunks: await sql(
        `SELECT c.* FROM chunks c JOIN transfers t ON t.bulk_id = c.bulk_id AND t.line BETWEEN c.line_from AND c.line_to
          WHERE t.id::text = $1 ORDER BY c.created_at`,
        [id],
      ),
      evidence: await sql(`SELECT * FROM rail_evidence WHERE transfer_id::text = $1 ORDER BY received_at`, [id]),
      entries: await sql(`SELECT * FROM ledger_entries WHERE transfer_id::text = $1 ORDER BY id`, [id]),
      bank: await bank.journal(id.replaceAll('-', '')),
    };
    process.stdout.write(`--- history of ${id}\n${JSON.stringify(about, bigintText, 2)}\n`);
  }
}

const bigintText = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);
