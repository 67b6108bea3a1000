import type { BulkRequestDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import type { KillSwitchDto } from '../../src/modules/transfers/http/kill-switches.dto.js';
import { SCOPES } from '../../src/modules/organizations/index.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { bulkOf, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import type { ApiAnswer } from '../support/test-api.js';
import { invalid, verdict } from '../support/verdict.js';

const REASON = 'The bank reports payments it did not get from us';
const OFF = { engaged: false, reason: null, engaged_by: null, engaged_at: null };

describe('kill switches', () => {
  let acme: Acme;
  let operator: { id: string; secret: string };
  let stranger: string;
  let strangersId: string;
  beforeAll(async () => {
    acme = await startAcme({ CHUNK_SIZE: '5' }, { workerEnv: { DISPATCH_IN_FLIGHT: '2' } });
    const { organizationId } = acme;
    operator = await createApiKey(acme.api.app, { organizationId, scopes: ['operator'] });
    ({ id: strangersId } = await createOrganization(acme.api.app));
    ({ secret: stranger } = await createApiKey(acme.api.app, { organizationId: strangersId, scopes: ['operator'] }));
  });
  afterEach(async () => {
    for (const { scope, target } of await listed(acme.api.adminKey)) {
      const inside = { 'x-organization-id': target };
      if (scope === 'rail') await put(`rails/${target}`, { engaged: false });
      else await put('organization', { engaged: false }, acme.api.adminKey, inside);
    }
  });
  afterAll(() => acme.close());

  const put = (path: string, body: object, key = acme.api.adminKey, headers: Record<string, string> = {}) =>
    acme.api.call(`/kill-switches/${path}`, { method: 'PUT', key, body, headers });
  const list = (key: string, { query = '', ...headers }: Record<string, string> = {}): Promise<ApiAnswer> =>
    acme.api.call(`/kill-switches${query}`, { key, headers });
  const listed = async (key: string, headers?: Record<string, string>): Promise<KillSwitchDto[]> => {
    const { status, body } = await list(key, headers);
    expect(status).toBe(200);
    return body.data as KillSwitchDto[];
  };
  const engage = async (path: string, key?: string, headers?: Record<string, string>): Promise<KillSwitchDto> => {
    const { status, body } = await put(path, { engaged: true, reason: REASON }, key, headers);
    expect(status).toBe(200);
    return body as unknown as KillSwitchDto;
  };
  const read = async (id: string): Promise<BulkRequestDto> =>
    (await acme.call(`/bulk-requests/${id}`)).body as unknown as BulkRequestDto;

  it('of an organization: what comes is accepted, reserved and waits, and is paid once it is released', async () => {
    const engaged = await engage('organization', operator.secret);
    expect(engaged).toEqual({
      scope: 'organization',
      target: acme.organizationId,
      engaged: true,
      reason: REASON,
      engaged_by: operator.id,
      engaged_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    });
    const { id } = await acme.submit({ ...bulkOf(...lines(20)), ...unlike('organization') });
    expect((await acme.balance()).reserved).toBe('20.00');
    // The worker has nothing of it to do, and neither has a person who steps through it.
    expect((await acme.step('transfers')).body).toEqual({ chunk: null });
    expect(await read(id)).toMatchObject({ status: 'processing', counts: { pending: 20, submitting: 0 } });
    expect((await put('organization', { engaged: false }, operator.secret)).body).toEqual({
      scope: 'organization',
      target: acme.organizationId,
      ...OFF,
    });
    expect(await acme.ended(id)).toMatchObject({ status: 'completed', counts: { settled: 20 } });
  });

  it('of a rail, while a worker is busy: not one more line is sent until it is released', async () => {
    // Two chunks at a time: this cannot be done before the switch is engaged.
    const slowly = lines(100, () => ({ description: 'sandbox:slow:100' }));
    const { id } = await acme.submit({ ...bulkOf(...slowly), ...unlike('rail') });
    await engage('rails/sandbox');
    // What is inside of windows ends; what is not stays where it is.
    const { pending } = (await read(id)).counts;
    expect(pending).toBeGreaterThan(0);
    await eventually(async () => (await read(id)).counts.settled === 100 - pending, { what: 'the windows to end' });
    expect((await acme.step('transfers')).body).toEqual({ chunk: null });
    expect((await read(id)).counts).toMatchObject({ pending, submitting: 0, settled: 100 - pending });
    expect((await put('rails/sandbox', { engaged: false })).body).toEqual({ scope: 'rail', target: 'sandbox', ...OFF });
    expect(await acme.ended(id)).toMatchObject({ status: 'completed', counts: { settled: 100 } });
  });

  it('are the same however often they are set', async () => {
    const first = await engage('rails/book');
    expect(first).toMatchObject({ scope: 'rail', target: 'book', engaged_by: 'admin' });
    const again = await put('rails/book', { engaged: true, reason: 'Something else' });
    expect([again.status, again.body]).toEqual([200, first]);
    for (let times = 0; times < 2; times++) {
      const released = await put('rails/book', { engaged: false, reason: null });
      expect([released.status, released.body]).toEqual([200, { scope: 'rail', target: 'book', ...OFF }]);
    }
  });

  it('that the platform engaged are released by nobody else, also when an operator had engaged them before', async () => {
    const inside = { 'x-organization-id': acme.organizationId };
    const body = { engaged: true, reason: 'Under investigation' };
    const byPlatform = { engaged: true, engaged_by: 'admin', reason: 'Under investigation' };
    for (const engagedBefore of [false, true]) {
      const own = engagedBefore ? await engage('organization', operator.secret) : null;
      const taken = await put('organization', body, acme.api.adminKey, inside);
      expect([taken.status, taken.body]).toMatchObject([200, byPlatform]);
      if (own !== null) expect(taken.body.engaged_at).toBe(own.engaged_at);
      for (const release of [true, false, true]) {
        const answer = await put(
          'organization',
          release ? { engaged: false } : { engaged: true, reason: REASON },
          operator.secret,
        );
        if (release) expect(verdict(answer)).toEqual([403, 'stopped_by_platform']);
        else expect([answer.status, answer.body]).toMatchObject([200, byPlatform]);
      }
      const released = await put('organization', { engaged: false }, acme.api.adminKey, inside);
      expect([released.status, released.body]).toMatchObject([200, OFF]);
    }
    const { body: log } = await acme.call('/audit-log?resource_type=kill_switch&limit=6');
    const told = (log.data as { action: string; actor: { kind: string }; before: { engaged: boolean } }[]).slice(0, 3);
    expect(told.map(({ action, actor, before }) => [action, actor.kind, before.engaged])).toEqual([
      ['kill_switch.released', 'admin', true],
      ['kill_switch.engaged', 'admin', true],
      ['kill_switch.engaged', 'key', false],
    ]);
  });

  it('are listed: those of rails to every operator, those of organizations to their own', async () => {
    const inStrangers = { 'x-organization-id': strangersId };
    const rail = await engage('rails/http');
    const mine = await engage('organization', operator.secret);
    const theirs = await engage('organization', acme.api.adminKey, inStrangers);
    expect(theirs).toMatchObject({ target: strangersId, engaged_by: 'admin' });
    await expect(listed(operator.secret)).resolves.toEqual([rail, mine]);
    await expect(listed(stranger)).resolves.toEqual([rail, theirs]);
    await expect(listed(acme.api.adminKey, inStrangers)).resolves.toEqual([rail, theirs]);
    const all = [rail, ...[mine, theirs].sort((a, b) => (a.target < b.target ? -1 : 1))];
    await expect(listed(acme.api.adminKey)).resolves.toEqual(all);

    const pages: unknown[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const query: string = `?limit=1${cursor && `&cursor=${cursor}`}`;
      const { body } = await list(acme.api.adminKey, { query });
      expect(body.has_more).toBe(body.next_cursor !== null);
      pages.push(...(body.data as unknown[]));
      cursor = body.next_cursor as string | null;
    }
    expect(pages).toEqual(all);
    expect(verdict(await list(stranger, { 'x-organization-id': acme.organizationId }))).toEqual([404, 'not_found']);
    expect(verdict(await list(stranger, { query: '?cursor=x' }))).toEqual([400, 'invalid_cursor']);
  });

  it('of rails are for the platform only, of an organization for its operators', async () => {
    const { organizationId } = acme;
    const others = SCOPES.filter((scope) => scope !== 'operator');
    const { secret: key } = await createApiKey(acme.api.app, { organizationId, scopes: others });
    const body = { engaged: true, reason: REASON };
    for (const answer of [
      await list(key),
      await put('organization', body, key),
      await put('rails/sandbox', body, key),
      await put('rails/sandbox', body, operator.secret),
    ]) {
      expect(verdict(answer)).toEqual([403, 'forbidden']);
    }
    expect(verdict(await put('organization', body, stranger, { 'x-organization-id': organizationId }))).toEqual([
      404,
      'not_found',
    ]);
    expect(verdict(await put('organization', body))).toEqual(invalid('/headers/x-organization-id required'));
    await expect(listed(acme.api.adminKey)).resolves.toEqual([]);
  });

  it.each<[string, object, unknown[]]>([
    ['a rail that does not exist', { engaged: true, reason: REASON }, [404, 'not_found']],
    ['nothing', {}, invalid('/engaged required')],
    ['no reason', { engaged: true }, invalid('/reason required')],
    ['a null for a reason', { engaged: true, reason: null }, invalid('/reason required')],
    ['an empty reason', { engaged: true, reason: '' }, invalid('/reason too_short')],
    ['a blank reason', { engaged: true, reason: '   ' }, invalid('/reason pattern')],
    ['a reason that is too long', { engaged: true, reason: 'x'.repeat(141) }, invalid('/reason too_long')],
    ['a word for a boolean', { engaged: 'true', reason: REASON }, invalid('/engaged type')],
    ['a field nobody knows', { engaged: false, scope: 'rail' }, invalid('/scope unknown_field')],
  ])('are refused for %s', async (what, body, refusal) => {
    const rail = what.startsWith('a rail') ? 'pigeon' : 'sandbox';
    expect(verdict(await put(`rails/${rail}`, body))).toEqual(refusal);
    await expect(listed(acme.api.adminKey)).resolves.toEqual([]);
  });
});
