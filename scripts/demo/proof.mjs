import pg from 'pg';
import { showCents, toCents } from './amounts.mjs';

/** @typedef {{claim: string, holds: boolean, found: string}} Proof */
/** @typedef {{balance: {posted: string, reserved: string, available: string}}} AccountView */

/**
 * What the API says about the debtor's account.
 *
 * @param {AccountView} before
 * @param {AccountView} after
 * @param {bigint} settledCents
 * @returns {Proof[]}
 */
export function proveFromApi(before, after, settledCents) {
  const start = toCents(before.balance.available);
  const available = toCents(after.balance.available);
  const reserved = toCents(after.balance.reserved);
  return [
    {
      claim: 'settled + available = available before',
      holds: settledCents + available === start,
      found: `${showCents(settledCents)} + ${showCents(available)} = ${showCents(settledCents + available)}`,
    },
    { claim: 'nothing stays reserved', holds: reserved === 0n, found: showCents(reserved) },
  ];
}

/**
 * What the books themselves say, read from PostgreSQL past all our code.
 *
 * @param {string} databaseUrl
 * @param {string} bulkId
 * @returns {Promise<Proof[]>}
 */
export async function proveFromDatabase(databaseUrl, bulkId) {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows: currencies } = await client.query(SUM_PER_CURRENCY);
    const { rows: accounts } = await client.query(ACCOUNTS);
    const { rows: settlements } = await client.query(SETTLEMENTS, [bulkId]);
    const [{ total, unlike, reserving }] = accounts;
    const [{ settled, settled_once: settledOnce, not_settled_but_booked: wronglyBooked }] = settlements;
    return [
      {
        claim: 'the ledger sums to zero',
        holds: currencies.length > 0 && currencies.every(({ sum }) => BigInt(sum) === 0n),
        found: currencies.map(({ currency, sum }) => `${currency} ${sum}`).join(', ') || 'no accounts',
      },
      {
        claim: 'every balance equals its entries',
        holds: total > 0 && unlike === 0,
        found: `${total - unlike} of ${total} accounts`,
      },
      { claim: 'no account reserves anything', holds: reserving === 0, found: `${reserving} accounts do` },
      {
        claim: 'one settlement entry per settled line',
        holds: settled > 0 && settledOnce === settled && wronglyBooked === 0,
        found: `${settledOnce} of ${settled}, and ${wronglyBooked} for lines that did not settle`,
      },
    ];
  } finally {
    await client.end();
  }
}

const SUM_PER_CURRENCY = `
  SELECT currency, sum(posted_minor)::text AS sum FROM accounts GROUP BY currency ORDER BY currency`;

const ACCOUNTS = `
  WITH movements AS (
    SELECT credit_account_id AS account_id, amount_minor FROM ledger_entries
    UNION ALL
    SELECT debit_account_id, -amount_minor FROM ledger_entries
  ), booked AS (
    SELECT account_id, sum(amount_minor) AS minor FROM movements GROUP BY account_id
  )
  SELECT count(*)::int AS total,
         (count(*) FILTER (WHERE a.posted_minor <> coalesce(b.minor, 0)))::int AS unlike,
         (count(*) FILTER (WHERE a.reserved_minor <> 0))::int AS reserving
    FROM accounts a LEFT JOIN booked b ON b.account_id = a.id`;

const SETTLEMENTS = `
  WITH lines AS (
    SELECT t.status, count(e.id) AS entries
      FROM transfers t LEFT JOIN ledger_entries e ON e.transfer_id = t.id AND e.kind = 'settlement'
     WHERE t.bulk_id = $1
     GROUP BY t.id
  )
  SELECT (count(*) FILTER (WHERE status = 'settled'))::int AS settled,
         (count(*) FILTER (WHERE status = 'settled' AND entries = 1))::int AS settled_once,
         (count(*) FILTER (WHERE status <> 'settled' AND entries > 0))::int AS not_settled_but_booked
    FROM lines`;
