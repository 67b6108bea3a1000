import { formatAmount } from '../../../src/domain/money.js';
import { assertInvariants, type ExpectedState, offendersOf } from '../../support/invariants.js';
import type { BankPayment, TestBank } from '../../support/bank.js';
import type { Sql } from './sql.js';

export interface ExpectedNight extends ExpectedState {
  /** Transfers that wait for a person when all is quiet: how many there must be. */
  inReview?: number;
}

interface Books {
  sql: Sql;
  bank: TestBank;
  acknowledged: readonly string[];
  /** Bulks whose acknowledgement reads otherwise when it is asked for again. */
  changedReplays: readonly string[];
}

interface BookedTransfer {
  id: string;
  reference: string;
  bulk_id: string;
  status: string;
  amount: string;
  currency: string;
}

/** Enough to find out what happened, few enough to be read. */
const PRINTED_HISTORIES = 3;
const EXECUTED = ['settled', 'returned'];

/** What must hold once nothing is under way: our own books, and ours against the bank's journal. */
export async function assertNight(books: Books, expected: ExpectedNight = {}): Promise<void> {
  const { sql, bank, acknowledged, changedReplays } = books;
  const our = { query: sql, execute: async () => 0 };
  const transfers = await transfersOf(sql);
  const wrong = await disagreements(transfers, bank, expected);
  const offenders = Object.values(await offendersOf(our, expected)).flat();
  const guilty = [...wrong.keys(), ...offenders.flatMap((row) => [row['transfer'], row['transfer_id'], row['id']])];
  await printHistories(sql, bank, guilty.filter((id) => typeof id === 'string').slice(0, PRINTED_HISTORIES));
  await assertInvariants(our, expected);
  const inReview = transfers.filter((transfer) => transfer.status === 'manual_review').length;
  const missing = await missingOf(sql, acknowledged);
  expect({ wrong: [...wrong.values()].slice(0, 10), missing, inReview, changedReplays }).toEqual({
    wrong: [],
    missing: [],
    inReview: expected.inReview ?? 0,
    changedReplays: [],
  });
}

/** By transfer or, when we do not know it, by reference. */
async function disagreements(
  transfers: readonly BookedTransfer[],
  bank: TestBank,
  { contradicted = [] }: ExpectedNight,
): Promise<Map<string, string>> {
  const paidThere = new Map((await bank.payments()).map((payment) => [payment.reference, payment]));
  const wrong = new Map<string, string>();
  for (const transfer of transfers) {
    const excused = contradicted.includes(transfer.bulk_id);
    const finding = excused ? null : disagreement(transfer, paidThere.get(transfer.reference));
    if (finding) wrong.set(transfer.id, `${transfer.id}: ${finding}`);
    paidThere.delete(transfer.reference);
  }
  for (const reference of paidThere.keys()) wrong.set(reference, `${reference}: the bank knows it, and we do not`);
  return wrong;
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

async function transfersOf(sql: Sql): Promise<BookedTransfer[]> {
  const rows = await sql<Omit<BookedTransfer, 'amount'> & { minor: string }>(
    `SELECT id, replace(id::text, '-', '') AS reference, bulk_id, status, amount_minor::text AS minor, currency
       FROM transfers WHERE rail = 'http'`,
  );
  return rows.map(({ minor, ...row }) => ({ ...row, amount: formatAmount(BigInt(minor), row.currency) }));
}

/** 5: what was acknowledged exists. */
async function missingOf(sql: Sql, acknowledged: readonly string[]): Promise<string[]> {
  const rows = await sql<{ id: string }>(`SELECT id FROM bulk_requests WHERE id = ANY($1::uuid[])`, [acknowledged]);
  const found = new Set(rows.map(({ id }) => id));
  return acknowledged.filter((id) => !found.has(id));
}

/** Everything there is about transfers: for whoever has to find out what happened that night. */
export async function printHistories(sql: Sql, bank: TestBank, ids: readonly string[]): Promise<void> {
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
