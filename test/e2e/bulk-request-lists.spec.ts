import type { BulkRequestDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import type { TransferDto } from '../../src/modules/transfers/http/transfers.dto.js';
import { germanIban } from '../factories/bulk-requests.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { bulk, bulkOf, line, lines } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import type { ApiAnswer } from '../support/test-api.js';
import { invalid, verdict } from '../support/verdict.js';

type Scope = 'bulk-requests:read' | 'bulk-requests:write' | 'transfers:read' | 'transfers:read-pii' | 'operator';

interface Page<Item> {
  data: Item[];
  next_cursor: string | null;
  has_more: boolean;
}

describe('lists of bulk requests and transfers', () => {
  let acme: Acme;
  /** In the order they were submitted; the first is completed, the second partially, the third failed, the others wait. */
  const submitted: BulkRequestDto[] = [];
  /** When each of the first three was about to be submitted. */
  const instants: string[] = [];

  beforeAll(async () => {
    acme = await startAcme({}, { working: false });
    const salaries = lines(7, (index) => ({
      counterparty_iban: germanIban(index),
      client_transfer_id: `emp-${index}`,
    }));
    const rejected = line({ description: 'sandbox:reject:AC04' });
    for (const credit_transfers of [salaries, [line(), rejected, rejected], [rejected]]) {
      instants.push(new Date().toISOString());
      submitted.push(await acme.submit(bulk({ credit_transfers })));
      await acme.step('transfers');
      await acme.step('bulk-completions');
    }
    for (const amount of ['4.00', '5.00']) submitted.push(await acme.submit(bulkOf(line({ amount }))));
  });
  afterAll(() => acme.close());

  const idOf = (index: number): string => submitted[index]?.id ?? '';
  const page = async <Item>(path: string): Promise<Page<Item>> => {
    const answer = await acme.call(path);
    expect(answer.status).toBe(200);
    return answer.body as unknown as Page<Item>;
  };
  const idsOf = async (path: string): Promise<string[]> => (await page<{ id: string }>(path)).data.map(({ id }) => id);

  /** Every page of a list, and that each but the last says that there is more. */
  async function pages<Item>(path: string): Promise<Item[][]> {
    const found: Item[][] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const next: Page<Item> = await page<Item>(`${path}${cursor === '' ? '' : `&cursor=${cursor}`}`);
      expect(next.has_more).toBe(next.next_cursor !== null);
      found.push(next.data);
      cursor = next.next_cursor;
    }
    return found;
  }

  it.each(['/bulk-requests', '/transfers/bulk'])('%s lists the newest first, page by page', async (path) => {
    const newestFirst = submitted.map(({ id }) => id).reverse();
    const found = await pages<BulkRequestDto>(`${path}?limit=2`);
    const twos = newestFirst.flatMap((_, index) => (index % 2 === 0 ? [newestFirst.slice(index, index + 2)] : []));
    expect(twos.length).toBeGreaterThanOrEqual(3);
    expect(found.map((items) => items.map(({ id }) => id))).toEqual(twos);
    const whole = await page<BulkRequestDto>(path);
    expect(whole).toEqual({ data: found.flat(), next_cursor: null, has_more: false });
    expect(whole.data.at(-1)).toEqual((await acme.call(`/bulk-requests/${idOf(0)}`)).body);
  });

  it('shows no page what was added before it', async () => {
    const first = await page<BulkRequestDto>('/bulk-requests?limit=3');
    const late = await acme.submit(bulkOf(line({ amount: '6.00' })));
    const second = await page<BulkRequestDto>(`/bulk-requests?limit=100&cursor=${first.next_cursor}`);
    expect(second.data.map(({ id }) => id)).not.toContain(late.id);
    expect([...first.data, ...second.data].map(({ id }) => id)).toEqual(
      expect.arrayContaining(submitted.map(({ id }) => id)),
    );
    submitted.push(late);
  });

  it('filters bulk requests by state and time', async () => {
    expect(await idsOf('/bulk-requests?status=completed')).toEqual([idOf(0)]);
    expect(await idsOf('/bulk-requests?status=partially_completed')).toEqual([idOf(1)]);
    expect(await idsOf('/transfers/bulk?status=failed')).toEqual([idOf(2)]);
    expect(await idsOf('/bulk-requests?status=cancelled')).toEqual([]);
    const processing = await pages<BulkRequestDto>('/bulk-requests?status=processing&limit=1');
    expect(processing.flat().every(({ status }) => status === 'processing')).toBe(true);
    expect(processing.length).toBeGreaterThanOrEqual(2);
    const [, second, third] = instants;
    expect(await idsOf(`/bulk-requests?created_from=${second}&created_to=${third}`)).toEqual([idOf(1)]);
    expect(await idsOf(`/bulk-requests?created_to=${third}`)).toEqual([idOf(1), idOf(0)]);
    const { created_at: made } = (await acme.call(`/bulk-requests/${idOf(1)}`)).body as { created_at: string };
    expect((await idsOf(`/bulk-requests?created_from=${made}`)).at(-1)).toBe(idOf(1));
    expect(await idsOf('/bulk-requests?created_from=2999-01-01T00:00:00Z')).toEqual([]);
    expect(await idsOf('/bulk-requests?created_to=1969-12-31T23:59:59.999Z')).toEqual([]);
  });

  it('lists the transfers of a bulk in their order, page by page', async () => {
    const found = await pages<TransferDto>(`/bulk-requests/${idOf(0)}/transfers?limit=3`);
    expect(found.map((items) => items.map((transfer) => transfer.line))).toEqual([[0, 1, 2], [3, 4, 5], [6]]);
    expect(found.flat().map((transfer) => transfer.client_transfer_id)).toEqual(
      lines(7).map((_, index) => `emp-${index}`),
    );
    const failed = await pages<TransferDto>(`/transfers/bulk/${idOf(1)}/transfers?status=failed&limit=1`);
    expect(failed.flat().map((transfer) => transfer.line)).toEqual([1, 2]);
    expect(await idsOf(`/bulk-requests/${idOf(0)}/transfers?status=pending`)).toEqual([]);
  });

  it('filters transfers by state, bulk, counterparty and time', async () => {
    const ofFirst = await pages<TransferDto>(`/transfers?bulk_request_id=${idOf(0)}&limit=3`);
    expect(ofFirst.map((items) => items.length)).toEqual([3, 3, 1]);
    expect(ofFirst.flat().map((transfer) => transfer.line)).toEqual([6, 5, 4, 3, 2, 1, 0]);
    const ids = async (query: string): Promise<string[]> => idsOf(`/transfers?limit=100&${query}`);
    expect(await ids(`bulk_request_id=${idOf(1)}&status=failed`)).toHaveLength(2);
    expect(await ids('status=failed')).toHaveLength(3);
    const spaced = germanIban(3)
      .toLowerCase()
      .replace(/(.{4})/g, '$1%20');
    expect(await ids(`counterparty_iban=${spaced}`)).toEqual([ofFirst.flat()[3]?.id]);
    expect(await ids(`counterparty_iban=${germanIban(99)}`)).toEqual([]);
    expect(await ids(`created_from=${instants[1]}&created_to=${instants[2]}`)).toHaveLength(3);
    expect(await ids(`bulk_request_id=${acme.organizationId}`)).toEqual([]);
  });

  it.each<[string, unknown[]]>([
    ['limit=0', invalid('/query/limit range')],
    ['limit=101', invalid('/query/limit range')],
    ['limit=1.5', invalid('/query/limit type')],
    ['limit=ten', invalid('/query/limit type')],
    ['limit=1&limit=2', invalid('/query/limit type')],
    ['offset=10', invalid('/query/offset unknown_field')],
    ['status=done', invalid('/query/status enum')],
    ['created_from=yesterday', invalid('/query/created_from pattern')],
    ['created_from=2026-11-21', invalid('/query/created_from pattern')],
    ['created_from=2026-13-01T00:00:00Z', invalid('/query/created_from pattern')],
    ['created_to=2026-02-30T00:00:00Z', invalid('/query/created_to pattern')],
    ['created_to=2026-12-31T23:59:60Z', invalid('/query/created_to pattern')],
    ['created_to=2026-11-21T25:00:00Z', invalid('/query/created_to pattern')],
    ['cursor=', invalid('/query/cursor too_short')],
    ['cursor=next', [400, 'invalid_cursor']],
    [`cursor=${Buffer.from('["1"]').toString('base64url')}`, [400, 'invalid_cursor']],
  ])('refuses the query %s', async (query, expected) => {
    for (const path of ['/bulk-requests', '/transfers/bulk', '/transfers']) {
      expect(verdict(await acme.call(`${path}?${query}`))).toEqual(expected);
    }
  });

  it('refuses queries of its own in each list', async () => {
    const transfers = `/bulk-requests/${idOf(0)}/transfers`;
    expect(verdict(await acme.call('/transfers?bulk_request_id=1'))).toEqual(invalid('/query/bulk_request_id pattern'));
    expect(verdict(await acme.call(`${transfers}?cursor=next`))).toEqual([400, 'invalid_cursor']);
    expect(verdict(await acme.call(`${transfers}?status=completed`))).toEqual(invalid('/query/status enum'));
    const { next_cursor: foreign } = await page('/bulk-requests?limit=1');
    expect(verdict(await acme.call(`${transfers}?cursor=${foreign}`))).toEqual([400, 'invalid_cursor']);
    expect(verdict(await acme.post('/bulk-requests?dryrun=true', bulk()))).toEqual(
      invalid('/query/dryrun unknown_field'),
    );
    expect(verdict(await acme.post('/bulk-requests?dry_run=yes', bulk()))).toEqual(invalid('/query/dry_run type'));
  });

  describe('for others', () => {
    const withScopes = async (...scopes: Scope[]): Promise<(path: string, body?: object) => Promise<ApiAnswer>> => {
      const { secret: key } = await createApiKey(acme.api.app, { organizationId: acme.organizationId, scopes });
      return (path, body) => acme.api.call(path, { key, ...(body && { body, method: 'POST' as const }) });
    };
    const reads = async (): Promise<string[]> => {
      const [transfer] = await idsOf(`/bulk-requests/${idOf(0)}/transfers`);
      const bulks = ['/bulk-requests', '/transfers/bulk'].flatMap((path) =>
        ['', '/status', '/transfers'].map((below) => `${path}/${idOf(0)}${below}`),
      );
      return [...bulks, `/transfers/${transfer}`];
    };

    it('do not exist', async () => {
      const other = await createOrganization(acme.api.app);
      const { secret: key } = await createApiKey(acme.api.app, { organizationId: other.id });
      for (const path of await reads()) {
        expect(verdict(await acme.api.call(path, { key }))).toEqual([404, 'not_found']);
        const named = { 'x-organization-id': acme.organizationId };
        expect(verdict(await acme.api.call(path, { key, headers: named }))).toEqual([404, 'not_found']);
      }
      for (const path of ['/bulk-requests', '/transfers', `/transfers?bulk_request_id=${idOf(0)}`]) {
        expect((await acme.api.call(path, { key })).body).toEqual({ data: [], next_cursor: null, has_more: false });
      }
    });

    it('are open to the admin who names the organization', async () => {
      const key = acme.api.adminKey;
      const other = await createOrganization(acme.api.app);
      for (const path of await reads()) {
        const named = await acme.api.call(path, { key, headers: { 'x-organization-id': acme.organizationId } });
        expect(named.status).toBe(200);
        expect(named.text).not.toContain('\u2022');
        expect((await acme.api.call(path, { key })).status).toBe(400);
        expect((await acme.api.call(path, { key, headers: { 'x-organization-id': other.id } })).status).toBe(404);
      }
    });

    it('need the scope of what they read', async () => {
      const writer = await withScopes('bulk-requests:write');
      const written = await writer('/bulk-requests', bulkOf(line({ amount: '7.00' })));
      expect(written.status).toBe(202);
      submitted.push(written.body as unknown as BulkRequestDto);
      const transfersReader = await withScopes('transfers:read');
      const bulksReader = await withScopes('bulk-requests:read');
      for (const path of await reads()) {
        expect(verdict(await writer(path))).toEqual([403, 'forbidden']);
        const isTransfer = !path.includes('bulk');
        expect((await transfersReader(path)).status).toBe(isTransfer ? 200 : 403);
        expect((await bulksReader(path)).status).toBe(isTransfer ? 403 : 200);
      }
      expect(verdict(await bulksReader('/transfers/bulk', bulk()))).toEqual([403, 'forbidden']);
    });

    it('show IBANs only to who may see personal data', async () => {
      const iban = germanIban(0);
      const masked = `${iban.slice(0, 4)}\u2022\u2022\u2022\u2022${iban.slice(-4)}`;
      const reader = await withScopes('bulk-requests:read', 'transfers:read');
      const trusted = await withScopes('bulk-requests:read', 'transfers:read', 'transfers:read-pii');
      const [id] = await idsOf(`/transfers?counterparty_iban=${iban}`);
      for (const path of [
        `/transfers/${id}`,
        `/transfers?counterparty_iban=${iban}`,
        `/bulk-requests/${idOf(0)}/transfers`,
      ]) {
        const { text } = await reader(path);
        expect(text).toContain(masked);
        expect(text).not.toContain(iban);
        expect((await trusted(path)).text).toContain(iban);
      }
    });

    it('refuse ids that are none', async () => {
      for (const path of [
        '/bulk-requests/42',
        '/transfers/bulk/42/status',
        '/bulk-requests/x/transfers',
        '/transfers/42',
      ]) {
        expect(verdict(await acme.call(path))).toEqual([400, 'invalid_id']);
      }
      expect(verdict(await acme.call(`/bulk-requests/${acme.organizationId}`))).toEqual([404, 'not_found']);
      expect(verdict(await acme.call(`/transfers/${acme.organizationId}`))).toEqual([404, 'not_found']);
    });
  });
});
