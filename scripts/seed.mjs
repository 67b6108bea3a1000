import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { ApiClient, ApiError } from './api-client.mjs';
import { oneLine, ScriptError } from './script-error.mjs';
import { secretOf } from './secret-variables.mjs';

export const DEMO_ACCOUNT = {
  name: 'ACME operating account',
  currency: 'EUR',
  iban: 'FR10474608000002006107XXXXX',
  bic: 'OIVUSCLQXXX',
};
const DEMO_ORGANIZATION = { name: 'ACME Corp', slug: 'acme-corp' };
const DEMO_KEY = {
  name: 'Demo key',
  scopes: [
    ...['accounts:read', 'accounts:write', 'bulk-requests:read', 'bulk-requests:write'],
    ...['transfers:read', 'transfers:write', 'transfers:read-pii', 'policies:read', 'audit-log:read'],
    ...['events:read', 'webhooks:read', 'webhooks:write', 'notifications:read', 'notifications:write'],
  ],
};
const OPENING_BALANCE = '10000000.00';

/**
 * @typedef {object} Seed
 * @property {string} organizationId
 * @property {string} accountId
 * @property {string | null} demoApiKey null when there is one whose secret nobody told us
 * @property {string[]} created what was not there before
 */

/**
 * The demo organization with a key and a funded account, through the API like any client. Looks before it creates, so that doing it
 * again changes nothing.
 *
 * @param {object} options
 * @param {string} options.baseUrl
 * @param {string} options.adminKey
 * @param {string} [options.knownKey] the demo key of an earlier time; kept if it still works
 * @param {boolean} [options.needsKey] make a new key even if there is one already that we cannot know
 * @returns {Promise<Seed>}
 */
export async function seedDemo({ baseUrl, adminKey, knownKey, needsKey = true }) {
  /** @type {string[]} */
  const created = [];
  const platform = new ApiClient({ baseUrl, apiKey: adminKey });
  let organization = await find(platform.list('/organizations'), ({ slug }) => slug === DEMO_ORGANIZATION.slug);
  if (!organization) {
    organization = await platform.post('/organizations', DEMO_ORGANIZATION, 'seed-organization');
    created.push('organization');
  }
  const acme = new ApiClient({ baseUrl, apiKey: adminKey, organizationId: organization.id });
  let account = await find(acme.list('/accounts'), ({ iban }) => iban === DEMO_ACCOUNT.iban);
  if (!account) {
    account = await acme.post('/accounts', DEMO_ACCOUNT, 'seed-account');
    created.push('account');
  }
  if (await fund(acme, account.id)) created.push('opening balance');
  const seed = { organizationId: organization.id, accountId: account.id, created };

  const keys = `/organizations/${organization.id}/api-keys`;
  if (knownKey && (await opens(baseUrl, knownKey, account.id))) return { ...seed, demoApiKey: knownKey };
  const isDemoKey = (/** @type {any} */ key) => key.name === DEMO_KEY.name && key.status === 'active';
  if (!needsKey && (await find(platform.list(keys), isDemoKey))) return { ...seed, demoApiKey: null };
  // A secret is shown once, and a replay has none: the idempotency key must not be one of an earlier time.
  const { secret } = await platform.post(keys, DEMO_KEY, `seed-api-key-${randomUUID()}`);
  created.push('API key');
  return { ...seed, demoApiKey: secret };
}

/**
 * @param {AsyncIterable<any>} items
 * @param {(item: any) => boolean} isWanted
 */
async function find(items, isWanted) {
  for await (const item of items) if (isWanted(item)) return item;
  return undefined;
}

/**
 * Only an account that never saw any money. An idempotency key alone is forgotten after a month, and would then fund it again.
 *
 * @param {ApiClient} acme
 * @param {string} accountId
 * @returns {Promise<boolean>} whether money was added
 */
async function fund(acme, accountId) {
  const { data } = await acme.get(`/accounts/${accountId}/entries?limit=1`);
  if (data.length > 0) return false;
  const credit = { dst_account_id: accountId, amount: OPENING_BALANCE, direction: 'credit', reason: 'Opening balance' };
  const { status, failure_reason: reason } = await acme.post('/bank-transactions', credit, 'seed-opening-balance');
  if (status !== 'success') throw new ScriptError(`The opening balance was not booked: ${reason}`);
  return true;
}

/**
 * @param {string} baseUrl
 * @param {string} apiKey
 * @param {string} accountId
 */
async function opens(baseUrl, apiKey, accountId) {
  try {
    await new ApiClient({ baseUrl, apiKey }).get(`/accounts/${accountId}`);
    return true;
  } catch (error) {
    // Revoked, or of another database (401), or of an organization of another time (404).
    if (error instanceof ApiError && [401, 403, 404].includes(error.status)) return false;
    throw error;
  }
}

/** `npm run db:seed -- http://127.0.0.1:3000` */
async function main() {
  const baseUrl = process.argv[2] || process.env.API_URL || 'http://127.0.0.1:3000';
  const adminKey = secretOf('ADMIN_API_KEY');
  if (!adminKey)
    throw new ScriptError('ADMIN_API_KEY is not set: the seed goes through the API, as the platform administrator');
  if (!URL.canParse(baseUrl)) throw new ScriptError(`${baseUrl} is not a URL: give one such as http://127.0.0.1:3000`);
  const seed = await seedDemo({ baseUrl, adminKey, needsKey: false });
  console.log(`Created: ${seed.created.join(', ') || 'nothing, all of it was there'}`);
  console.log(`Organization ${DEMO_ORGANIZATION.name}  ${seed.organizationId}`);
  console.log(`Account ${DEMO_ACCOUNT.iban}  ${seed.accountId}`);
  console.log(`Demo key ${seed.demoApiKey ?? 'as it was (a key is shown only once)'}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  main().catch((error) => {
    console.error(oneLine(error));
    process.exitCode = 1;
  });
}
