import type { EventDto, EventPageDto } from '../../src/modules/events/http/events.dto.js';
import { EVENT_TYPES } from '../../src/modules/events/domain/event-type.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { bulkOf, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { assertInvariants } from '../support/invariants.js';
import { ownerOf } from '../support/owner.js';

describe('the event log over HTTP', () => {
  let acme: Acme;
  beforeAll(async () => {
    acme = await startAcme({ CHUNK_SIZE: '2' });
  });
  afterAll(() => acme.close());

  const page = async (query: string, key = acme.key): Promise<EventPageDto> => {
    const answer = await acme.api.call(`/events?${query}`, { key });
    expect(answer.status).toBe(200);
    return answer.body as unknown as EventPageDto;
  };
  /** Page by page, as a caller does it who keeps `last_sequence`. */
  const follow = async (after: number, { types = '*', limit = 1_000, key = acme.key } = {}) => {
    const data: EventDto[] = [];
    for (let last = after; ;) {
      const next = await page(`after=${last}&types=${types}&limit=${limit}`, key);
      data.push(...next.data);
      last = next.last_sequence;
      if (!next.has_more) return { data, last };
    }
  };
  const now = async (): Promise<number> => (await follow(0, { types: 'api_key.*' })).last;
  const asAdmin = (path: string, method: 'POST' | 'DELETE', organizationId?: string, body?: object) =>
    acme.api.call(path, {
      ...{ key: acme.api.adminKey, method },
      ...(organizationId && { headers: { 'x-organization-id': organizationId } }),
      ...(body && { body }),
    });
  const typesAndData = (events: readonly EventDto[]) => events.map(({ type, data }) => [type, data]);

  it('tells the whole story of a bulk request', async () => {
    const before = await now();
    const { id } = await acme.submit({
      ...bulkOf(
        ...lines(10, (index) => ({
          client_transfer_id: `emp-${index}`,
          description: index === 4 ? 'sandbox:reject:AC04' : index === 7 ? 'sandbox:accept' : 'Salary',
        })),
      ),
      ...unlike('events'),
    });
    const ended = await acme.ended(id);
    const { data: events, last } = await follow(before);
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, index) => before + 1 + index));
    expect(last).toBe(events.at(-1)?.sequence);
    const compact = acme.organizationId.replaceAll('-', '');
    for (const event of events) {
      expect(event).toEqual({
        id: `evt_${compact}_${event.sequence}`,
        type: expect.any(String),
        sequence: expect.any(Number),
        occurred_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
        organization_id: acme.organizationId,
        data: expect.any(Object),
      });
    }

    const bulks = events.filter(({ type }) => type.startsWith('bulk_request.'));
    expect(typesAndData(bulks)).toEqual([
      [
        'bulk_request.accepted',
        {
          ...{ bulk_request_id: id, status: 'processing', debtor_account_id: acme.accountId, currency: 'EUR' },
          ...{ total_amount: '10.00', transfer_count: 10, rejected_count: 0, origin: null, origin_id: null },
        },
      ],
      ...bulks.slice(1, -1).map(({ data }) => ['bulk_request.progressed', data]),
      [
        'bulk_request.partially_completed',
        {
          ...{ bulk_request_id: id, previous_status: 'processing', status: 'partially_completed' },
          counts: { settled: 9, failed: 1, cancelled: 0, returned: 0 },
        },
      ],
    ]);
    const progress = bulks.slice(1, -1).map(({ data }) => data as { percent: number; ended_count: number });
    expect(progress.length).toBeGreaterThan(1);
    expect(progress.map(({ percent }) => percent)).toEqual([...new Set(progress.map((step) => step.percent))].sort());
    for (const step of progress) {
      expect(step).toMatchObject({ bulk_request_id: id, percent: step.ended_count * 10, transfer_count: 10 });
    }

    const transfers = events.filter(({ type }) => type.startsWith('transfer.'));
    const { body } = await acme.call(`/bulk-requests/${id}/transfers?limit=100`);
    for (const transfer of body.data as { id: string; line: number; status: string }[]) {
      const own = transfers.filter(({ data }) => (data as { transfer_id: string }).transfer_id === transfer.id);
      const path = transfer.line === 7 ? ['submitted', 'settled'] : [transfer.status];
      expect(typesAndData(own)).toEqual(
        path.map((status) => [
          `transfer.${status}`,
          {
            ...{
              transfer_id: transfer.id,
              bulk_request_id: id,
              line: transfer.line,
              status,
              amount: '1.00',
              currency: 'EUR',
            },
            client_transfer_id: `emp-${transfer.line}`,
            reason_code: transfer.line === 4 ? 'AC04' : null,
          },
        ]),
      );
    }
    expect(transfers).toHaveLength(11);

    const balances = events.filter(({ type }) => type === 'account.balance_changed');
    expect(balances[0]?.data).toMatchObject({ account_id: acme.accountId, reserved: '10.00' });
    expect(balances.at(-1)?.data).toEqual({ account_id: acme.accountId, currency: 'EUR', ...(await acme.balance()) });
    expect(new Set(events.map(({ type }) => type.split('.')[0]))).toEqual(
      new Set(['bulk_request', 'transfer', 'account']),
    );
    expect(ended.status).toBe('partially_completed');
    expect(JSON.stringify(events)).not.toMatch(/John Doe|DE89|Salary|FR10/);
    await assertInvariants(ownerOf(acme.api.app));
  });

  it('tells what a person did to a bulk request', async () => {
    const before = await now();
    await acme.call('/kill-switches/organization', { method: 'PUT', body: { engaged: true, reason: 'test' } });
    const { id } = await acme.submit({ ...bulkOf(...lines(3)), ...unlike('control') });
    for (const action of ['pause', 'resume', 'cancel']) {
      expect((await acme.post(`/bulk-requests/${id}/${action}`, {})).status).toBeLessThan(300);
    }
    await acme.call('/kill-switches/organization', { method: 'PUT', body: { engaged: false } });
    await acme.ended(id);
    const { data } = await follow(before, { types: 'bulk_request.*,transfer.*' });
    expect(data.map(({ type }) => type).filter((type) => type !== 'bulk_request.progressed')).toEqual([
      ...['bulk_request.accepted', 'bulk_request.paused', 'bulk_request.processing', 'bulk_request.cancelling'],
      ...['transfer.cancelled', 'transfer.cancelled', 'transfer.cancelled', 'bulk_request.cancelled'],
    ]);
    expect(data[3]?.data).toEqual({ bulk_request_id: id, previous_status: 'processing', status: 'cancelling' });
  });

  it('tells of accounts, from their opening to their end', async () => {
    const before = await now();
    const opened = await acme.post('/accounts', { name: 'Jane Doe', currency: 'JPY', iban: 'BE68539007547034' });
    const id = String(opened.body.id);
    await asAdmin(`/accounts/${id}/verify`, 'POST', acme.organizationId);
    for (const status of ['frozen', 'frozen', 'active', 'closed']) {
      await acme.call(`/accounts/${id}`, { method: 'PATCH', body: { status } });
    }
    const about = { account_id: id, currency: 'JPY' };
    const { data } = await follow(before);
    expect(typesAndData(data)).toEqual([
      ['account.opened', { ...about, status: 'active' }],
      ['account.verified', { ...about, status: 'active' }],
      ['account.status_changed', { ...about, status: 'frozen', previous_status: 'active' }],
      ['account.status_changed', { ...about, status: 'active', previous_status: 'frozen' }],
      ['account.status_changed', { ...about, status: 'closed', previous_status: 'active' }],
    ]);
    expect(JSON.stringify(data)).not.toMatch(/Jane|BE68/);
  });

  it('tells of keys, and shows an organization only its own', async () => {
    const { id: organizationId } = await createOrganization(acme.api.app);
    const { id, secret } = await createApiKey(acme.api.app, { organizationId, scopes: ['events:read'] });
    await expect(page('', secret)).resolves.toMatchObject({
      data: [{ type: 'api_key.created', sequence: 1, organization_id: organizationId, data: { api_key_id: id } }],
      ...{ last_sequence: 1, has_more: false },
    });
    const overlap = { overlap_seconds: 3_600 };
    const rotated = await asAdmin(`/organizations/${organizationId}/api-keys/${id}/rotate`, 'POST', undefined, overlap);
    const successor = String(rotated.body.id);
    await asAdmin(`/organizations/${organizationId}/api-keys/${id}`, 'DELETE');
    const { data } = await follow(0, { key: String(rotated.body.secret) });
    expect(typesAndData(data)).toEqual([
      ['api_key.created', { api_key_id: id }],
      ['api_key.rotated', { api_key_id: successor, replaced_api_key_id: id }],
      ['api_key.revoked', { api_key_id: id }],
    ]);
    expect(JSON.stringify(data)).not.toContain(secret.slice(-20));
    const headers = { 'x-organization-id': acme.organizationId };
    const stranger = await acme.api.call('/events', { key: String(rotated.body.secret), headers });
    expect(stranger.status).toBe(404);
    const admin = { key: acme.api.adminKey, headers: { 'x-organization-id': organizationId } };
    expect((await acme.api.call('/events', admin)).body).toMatchObject({ data, last_sequence: 3 });
  });

  it('needs its scope', async () => {
    const scopes = ['bulk-requests:read', 'accounts:read', 'audit-log:read'] as const;
    const { secret } = await createApiKey(acme.api.app, { organizationId: acme.organizationId, scopes });
    const { status, body } = await acme.api.call('/events', { key: secret });
    expect([status, body.code]).toEqual([403, 'forbidden']);
  });

  it('is paged by the number that was seen last, and filtered', async () => {
    const whole = await follow(0);
    expect(whole.data.map(({ sequence }) => sequence)).toEqual(whole.data.map((_, index) => index + 1));
    await expect(follow(0, { limit: 3 })).resolves.toEqual(whole);
    const standard = await page('');
    expect(standard.data).toEqual(whole.data.slice(0, 100));
    for (const types of ['transfer.failed', 'transfer.*,account.opened', 'webhook_delivery.failed']) {
      const wanted = whole.data.filter(({ type }) =>
        types
          .split(',')
          .some((filter) => (filter.endsWith('.*') ? type.startsWith(filter.slice(0, -1)) : type === filter)),
      );
      await expect(follow(0, { types, limit: 1 })).resolves.toEqual({ data: wanted, last: whole.last });
    }
    const twice = await page('types=account.opened&types=api_key.created&limit=2');
    expect(twice.data.map(({ type }) => type).sort()).toEqual(['account.opened', 'api_key.created']);
    const beyond = { data: [], last_sequence: whole.last + 7, has_more: false };
    await expect(page(`after=${whole.last + 7}`)).resolves.toEqual(beyond);
  });

  it.each([
    ['after=-1', '/query/after'],
    ['after=x', '/query/after'],
    ['after=1.5', '/query/after'],
    ['after=9007199254740992', '/query/after'],
    ['after=1&after=2', '/query/after'],
    ['limit=0', '/query/limit'],
    ['limit=1001', '/query/limit'],
    ['types=nothing', '/query/types/0'],
    ['types=', '/query/types/0'],
    ['types=account.opened,,api_key.*', '/query/types/1'],
    ['types=transfers.recorded', '/query/types/0'],
    [`types=${Array.from({ length: 51 }, () => '*').join()}`, '/query/types'],
    ['cursor=x', '/query/cursor'],
  ])('refuses %s, and says which field it is', async (query, pointer) => {
    const { status, body } = await acme.call(`/events?${query}`);
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect((body.errors as { pointer: string }[]).map((error) => error.pointer)).toEqual([pointer]);
  });

  it('is documented by types as they are', async () => {
    const { body } = await acme.api.app.inject('/openapi.json');
    const { webhooks } = JSON.parse(body) as { webhooks: Record<string, unknown> };
    expect(Object.keys(webhooks).sort()).toEqual(Object.keys(EVENT_TYPES).sort());
  });
});
