import { randomUUID } from 'node:crypto';
import { ScriptError } from '../../scripts/script-error.mjs';
import { HttpClient } from './http-client.mjs';

const ACCOUNT = { currency: 'EUR', iban: 'FR10474608000002006107XXXXX', bic: 'OIVUSCLQXXX' };
const SCOPES = [
  ...['accounts:read', 'accounts:write', 'bulk-requests:read', 'bulk-requests:write'],
  ...['transfers:read', 'transfers:write', 'transfers:read-pii'],
];
// As much as a credit may be: a thousand million lines of one cent.
const BALANCE = '10000000.00';

/**
 * @typedef {object} Organization
 * @property {string} organizationId
 * @property {string} accountId
 * @property {string} iban of its account
 * @property {string} bic
 * @property {HttpClient} api with a key of its own
 */

/**
 * An organization with one account full of money and a key, made through the API like any client does.
 *
 * @param {object} options
 * @param {string} options.baseUrl
 * @param {string} options.adminKey
 * @param {string} options.name
 * @param {import('node:http').Agent} options.agent
 * @returns {Promise<Organization>}
 */
export async function createOrganization({ baseUrl, adminKey, name, agent }) {
  const platform = new HttpClient({ baseUrl, apiKey: adminKey, agent });
  const slug = `${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}-${randomUUID().slice(0, 8)}`;
  const { id: organizationId } = await platform.post('/organizations', { name, slug });
  const acting = new HttpClient({ baseUrl, apiKey: adminKey, organizationId, agent });
  const { id: accountId } = await acting.post('/accounts', { ...ACCOUNT, name: `${name} account` });
  const credit = { dst_account_id: accountId, amount: BALANCE, direction: 'credit', reason: 'Opening balance' };
  const { status, failure_reason: reason } = await acting.post('/bank-transactions', credit);
  if (status !== 'success') throw new ScriptError(`The opening balance was not booked: ${reason}`);
  const { secret } = await platform.post(`/organizations/${organizationId}/api-keys`, { name, scopes: SCOPES });
  const { iban, bic } = ACCOUNT;
  return { organizationId, accountId, iban, bic, api: new HttpClient({ baseUrl, apiKey: secret, agent }) };
}

/** Nobody is paid twice: those who are paid the same again within days look like duplicates, and no payroll has them. */
let paidBefore = 0;

/**
 * So many lines of one cent each, every one to somebody else: an account that is looked up once would make acceptance look cheap. `description` steers the sandbox rail: `sandbox:slow:20` takes 20 ms.
 *
 * @param {number} count
 * @param {{description?: string}} [options]
 */
export function creditTransfers(count, { description } = {}) {
  const first = paidBefore;
  paidBefore += count;
  return Array.from({ length: count }, (_, line) => ({
    amount: '0.01',
    currency: 'EUR',
    counterparty_name: `Employee number ${line}`,
    counterparty_bic: 'DEUTDEFFXXX',
    counterparty_iban: germanIban(first + line),
    description: description ?? `Salary ${line}`,
  }));
}

/**
 * A valid IBAN: ISO 13616 check digits over the bank, the account and the country.
 *
 * @param {number} account
 */
function germanIban(account) {
  const bban = `37040044${String(account).padStart(10, '0')}`;
  const check = 98n - (BigInt(`${bban}131400`) % 97n); // D is 13, E is 14
  return `DE${String(check).padStart(2, '0')}${bban}`;
}

/**
 * The body of a bulk, as bytes: a client's work that is not measured.
 *
 * @param {Organization} organization
 * @param {number | readonly object[]} lines how many, or which
 * @param {Record<string, unknown>} [fields] more of the request
 */
export function bulkBody({ iban, bic }, lines, fields = {}) {
  return Buffer.from(
    JSON.stringify({
      request_id: randomUUID(),
      organization_iban: iban,
      organization_bic: bic,
      ...fields,
      credit_transfers: typeof lines === 'number' ? creditTransfers(lines) : lines,
    }),
  );
}
