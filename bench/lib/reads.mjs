/**
 * @typedef {object} Read
 * @property {string} what
 * @property {boolean} [isPromised] whether the target holds for it; unless false it does
 * @property {readonly any[]} choices of which each call takes one
 * @property {(choice: any) => Promise<unknown>} run as the API does, in SQL
 * @property {(choice: any) => string} path of the same over HTTP, below /api/v1
 */

/** @typedef {{organizationId: string, accountId: string}} Owner */
/** @typedef {Awaited<ReturnType<typeof import('./product-reads.mjs').openProductReads>>} ProductReads */
/** @typedef {Awaited<ReturnType<typeof sampleOf>>} Sample */

const PAGE = 50;
const CHOICES = 300;
const SHOW_IBANS = { limit: PAGE, showIbans: true };
const SOMEBODY_ELSE = 'FR1420041010050500013M02606';

/**
 * What people and programs read of an organization with a past (history.mjs).
 *
 * @param {import('pg').Client} client
 * @param {ProductReads} product
 * @param {Owner} owner
 * @returns {Promise<Read[]>}
 */
export async function readsOf(client, product, owner) {
  const sample = await sampleOf(client, owner);
  return [
    ...bulkReads(product, owner, sample),
    ...transferReads(product, owner, sample),
    ...filteredReads(product, owner, sample),
    ...accountReads(product, owner, sample),
  ];
}

/**
 * From all over the past.
 *
 * @param {import('pg').Client} client
 * @param {Owner} owner
 */
async function sampleOf(client, { organizationId }) {
  const rowsOf = async (/** @type {string} */ text) => (await client.query(text, [organizationId])).rows;
  const bulks = (/** @type {string} */ condition) =>
    `SELECT id, created_at, transfer_count FROM bulk_requests WHERE organization_id = $1 AND ${condition} ORDER BY random() LIMIT ${CHOICES}`;
  return {
    bulks: await rowsOf(bulks('true')),
    largeBulks: await rowsOf(bulks('transfer_count >= 10000')),
    transfers: await rowsOf(
      `SELECT t.id FROM (${bulks('true')}) b
        CROSS JOIN LATERAL (SELECT id FROM transfers WHERE bulk_id = b.id ORDER BY line LIMIT 1) t`,
    ),
    entries: await rowsOf(
      `SELECT e.id FROM (${bulks('settled_count > 0')}) b
        CROSS JOIN LATERAL (SELECT e.id FROM transfers t JOIN ledger_entries e ON e.transfer_id = t.id
                             WHERE t.bulk_id = b.id AND t.status = 'settled' ORDER BY t.line LIMIT 1) e`,
    ),
  };
}

/** @param {ProductReads} product @param {Owner} owner @param {Sample} sample @returns {Read[]} */
function bulkReads({ bulks, encodeCursor }, { organizationId }, sample) {
  const everything = { organizationId, created: NO_RANGE };
  return [
    {
      what: 'status of a bulk',
      choices: sample.bulks,
      run: ({ id }) => bulks.get(organizationId, id),
      path: ({ id }) => `/bulk-requests/${id}/status`,
    },
    {
      what: 'page of bulks, deep inside',
      choices: sample.bulks,
      run: ({ id }) => bulks.list(everything, { limit: PAGE, cursor: encodeCursor([id]) }),
      path: ({ id }) => `/bulk-requests?limit=${PAGE}&cursor=${encodeCursor([id])}`,
    },
  ];
}

/** @param {ProductReads} product @param {Owner} owner @param {Sample} sample @returns {Read[]} */
function transferReads({ transfers, encodeCursor, createdRange }, { organizationId }, sample) {
  const cursorInside = (/** @type {{id: string, transfer_count: number}} */ { id, transfer_count: lines }) =>
    encodeCursor([Number.parseInt(id.slice(-6), 16) % lines]);
  const dayOf = (/** @type {{created_at: Date}} */ { created_at: at }) => ({
    created_from: new Date(at.getTime() - 43_200_000).toISOString(),
    created_to: new Date(at.getTime() + 43_200_000).toISOString(),
  });
  return [
    {
      what: 'page of the lines of a bulk, deep inside',
      choices: sample.largeBulks,
      run: (bulk) =>
        transfers.listOfBulk({ organizationId, bulkId: bulk.id }, { ...SHOW_IBANS, cursor: cursorInside(bulk) }),
      path: (bulk) => `/bulk-requests/${bulk.id}/transfers?limit=${PAGE}&cursor=${cursorInside(bulk)}`,
    },
    {
      what: 'page of all transfers, deep inside',
      choices: sample.transfers,
      run: ({ id }) =>
        transfers.list({ organizationId, created: NO_RANGE }, { ...SHOW_IBANS, cursor: encodeCursor([id]) }),
      path: ({ id }) => `/transfers?limit=${PAGE}&cursor=${encodeCursor([id])}`,
    },
    {
      what: 'page of the transfers of a day',
      choices: sample.bulks,
      run: (bulk) => transfers.list({ organizationId, created: createdRange(dayOf(bulk)) }, SHOW_IBANS),
      path: (bulk) => `/transfers?limit=${PAGE}&${new URLSearchParams(dayOf(bulk))}`,
    },
    {
      what: 'one transfer',
      choices: sample.transfers,
      run: ({ id }) => transfers.get(organizationId, id, true),
      path: ({ id }) => `/transfers/${id}`,
    },
  ];
}

/** Lists by what few of the rows have. @param {ProductReads} product @param {Owner} owner @param {Sample} sample @returns {Read[]} */
function filteredReads({ transfers }, { organizationId }, sample) {
  const list = (/** @type {object} */ filter) =>
    transfers.list({ organizationId, created: NO_RANGE, ...filter }, SHOW_IBANS);
  return [
    {
      what: 'failed lines of a bulk',
      choices: sample.largeBulks,
      run: ({ id }) => transfers.listOfBulk({ organizationId, bulkId: id, status: 'failed' }, SHOW_IBANS),
      path: ({ id }) => `/bulk-requests/${id}/transfers?limit=${PAGE}&status=failed`,
    },
    ...['failed', 'manual_review', 'in_doubt', 'pending', 'cancelled'].map((status) => ({
      what: `page of all transfers that are ${status}`,
      choices: [null],
      run: () => list({ status }),
      path: () => `/transfers?limit=${PAGE}&status=${status}`,
    })),
    {
      what: 'page of all transfers of one bulk, by filter',
      choices: sample.bulks,
      run: ({ id }) => list({ bulkRequestId: id }),
      path: ({ id }) => `/transfers?limit=${PAGE}&bulk_request_id=${id}`,
    },
    {
      what: 'page of all transfers to an IBAN that got none',
      choices: [null],
      run: () => list({ counterpartyIban: SOMEBODY_ELSE }),
      path: () => `/transfers?limit=${PAGE}&counterparty_iban=${SOMEBODY_ELSE}`,
    },
  ];
}

/** @param {ProductReads} product @param {Owner} owner @param {Sample} sample @returns {Read[]} */
function accountReads({ ledger, encodeCursor }, { organizationId, accountId }, sample) {
  const at = (/** @type {{created_at: Date}} */ bulk) => new Date(bulk.created_at.getTime() + 60_000);
  return [
    {
      what: 'balance',
      choices: [null],
      run: () => ledger.getBalance(organizationId, accountId, null),
      path: () => `/accounts/${accountId}/balance`,
    },
    {
      what: 'balance of a day long ago',
      choices: sample.bulks,
      isPromised: false, // it adds up what came later
      run: (bulk) => ledger.getBalance(organizationId, accountId, at(bulk)),
      path: (bulk) => `/accounts/${accountId}/balance?at=${at(bulk).toISOString()}`,
    },
    {
      what: 'latest page of entries',
      choices: [null],
      run: () => ledger.listEntries(organizationId, accountId, { limit: PAGE }),
      path: () => `/accounts/${accountId}/entries?limit=${PAGE}`,
    },
    {
      what: 'page of entries, deep inside',
      choices: sample.entries,
      run: ({ id }) => ledger.listEntries(organizationId, accountId, { limit: PAGE, cursor: encodeCursor([id]) }),
      path: ({ id }) => `/accounts/${accountId}/entries?limit=${PAGE}&cursor=${encodeCursor([id])}`,
    },
  ];
}

const NO_RANGE = { from: null, before: null, idFrom: null, idBefore: null };
