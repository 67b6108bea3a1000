import { createHash } from 'node:crypto';
import type { AuditEntryDto, AuditVerificationDto } from '../../src/modules/audit/http/audit-log.dto.js';
import { type RecordedLine, totalsByStatus } from '../../src/modules/audit/domain/recorded-lines.js';
import { newId } from '../../src/domain/ids.js';
import { Metrics } from '../../src/platform/metrics/index.js';
import { createAccount, createApiKey, createOrganization } from '../factories/organizations.js';
import { bulkOf, lines, unlike } from '../factories/submissions.js';
import { ACME_IBAN, type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import { ownerOf, tampererOf } from '../support/owner.js';

describe('the audit log over HTTP', () => {
  let acme: Acme;
  let keyId: string;
  beforeAll(async () => {
    acme = await startAcme({ CHUNK_SIZE: '5' });
    const { data } = (await asAdmin(`/organizations/${acme.organizationId}/api-keys`)).body as {
      data: { id: string }[];
    };
    keyId = data[0]?.id ?? '';
  });
  afterAll(() => acme.close());

  const asAdmin = (path: string, method: 'GET' | 'POST' | 'PUT' | 'DELETE' = 'GET', body?: object) =>
    acme.api.call(path, { key: acme.api.adminKey, method, ...(body && { body }) });
  const entriesOf = (answer: { body: Record<string, unknown> }) => answer.body.data as AuditEntryDto[];
  const list = async (query: string, key = acme.key): Promise<AuditEntryDto[]> => {
    const answer = await acme.api.call(`/audit-log?${query}`, { key });
    expect(answer.status).toBe(200);
    return entriesOf(answer);
  };
  const verify = async (key = acme.key, query = ''): Promise<AuditVerificationDto> =>
    (await acme.api.call(`/audit-log/verify${query}`, { key })).body as unknown as AuditVerificationDto;
  const refused = (requestId: string, key = acme.key): Promise<AuditEntryDto> =>
    eventually(
      async () => (await list('chain=refusals&limit=100', key)).find((entry) => entry.request_id === requestId),
      { what: `the refusal of ${requestId} to be written down` },
    );

  it('tells the story of an account: who, when, in which request, before and after', async () => {
    const opened = await acme.post('/accounts', { name: 'Jane Doe', currency: 'EUR', iban: 'BE68539007547034' });
    const id = String(opened.body.id);
    const requestId = `freeze-${newId()}`;
    const frozen = { method: 'PATCH', body: { status: 'frozen' }, headers: { 'x-request-id': requestId } } as const;
    await acme.call(`/accounts/${id}`, frozen);
    await acme.call(`/accounts/${id}`, frozen); // changes nothing
    const verified = await acme.api.call(`/accounts/${id}/verify`, {
      method: 'POST',
      key: acme.api.adminKey,
      headers: { 'x-organization-id': acme.organizationId },
    });
    expect(verified.status).toBe(200);
    const entries = await list(`resource_type=account&resource_id=${id}`);
    expect(entries.map(({ action }) => action)).toEqual([
      'account.verified',
      'account.status_changed',
      'account.opened',
    ]);
    expect(entries[0]).toMatchObject({ actor: { kind: 'admin', id: 'admin', key_id: null } });
    expect(entries[1]).toEqual({
      id: expect.any(String),
      organization_id: acme.organizationId,
      chain: 'changes',
      sequence: expect.any(Number),
      occurred_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      action: 'account.status_changed',
      actor: { kind: 'key', id: keyId, key_id: keyId },
      request_id: requestId,
      resource: { type: 'account', id },
      reason: null,
      before: { status: 'active' },
      after: { status: 'frozen' },
      previous_hash: expect.stringMatching(/^[0-9a-f]{64}$/),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(JSON.stringify(entries)).not.toMatch(/Jane|BE68/);
  });

  it('has the organization, its keys and its bank transactions', async () => {
    const { id: organizationId } = await createOrganization(acme.api.app);
    const { id, secret } = await createApiKey(acme.api.app, { organizationId, scopes: ['audit-log:read'] });
    const rotated = await asAdmin(`/organizations/${organizationId}/api-keys/${id}/rotate`, 'POST');
    const successor = { id: String(rotated.body.id), secret: String(rotated.body.secret) };
    const account = await createAccount(acme.api.app, { organizationId });
    const movement = { dst_account_id: account.id, amount: '7.00', reason: '' };
    const headers = { 'x-organization-id': organizationId };
    for (const direction of ['credit', 'debit', 'debit']) {
      const body = { ...movement, direction };
      await acme.api.call('/bank-transactions', { method: 'POST', key: acme.api.adminKey, headers, body });
    }
    const entries = (await list('', successor.secret)).reverse();
    expect(entries.map(({ action, resource }) => [action, resource.id])).toEqual([
      ['organization.created', organizationId],
      ['api_key.created', id],
      ['api_key.rotated', id],
      ['account.opened', account.id],
      ['bank_transaction.posted', expect.any(String)],
      ['bank_transaction.posted', expect.any(String)],
      ['bank_transaction.failed', expect.any(String)],
    ]);
    expect(entries[2]?.after).toEqual({ scopes: ['audit-log:read'], expires_at: null, replaced_by: successor.id });
    const debit = { account_id: account.id, direction: 'debit', amount_minor: '700', currency: 'EUR' };
    expect(entries[6]?.after).toEqual(debit);
    expect(JSON.stringify(entries)).not.toContain(secret.slice(-20));
    await asAdmin(`/organizations/${organizationId}/api-keys/${successor.id}`, 'DELETE');
    await asAdmin(`/organizations/${organizationId}/api-keys/${successor.id}`, 'DELETE');
    const { secret: third } = await createApiKey(acme.api.app, { organizationId, scopes: ['audit-log:read'] });
    const revoked = await list('action=api_key.revoked', third);
    expect(revoked.map(({ resource }) => resource.id)).toEqual([successor.id]);
    await expect(verify(third)).resolves.toMatchObject({ status: 'intact', checked: 9, first_broken: null });
  });

  it('has kill switches: of an organization in its own log, of a rail in the platform’s', async () => {
    const reason = 'A payment to DE89370400440532013000 came twice';
    for (const path of ['organization', 'organization']) {
      await acme.call(`/kill-switches/${path}`, { method: 'PUT', body: { engaged: true, reason } });
    }
    await acme.call('/kill-switches/organization', { method: 'PUT', body: { engaged: false } });
    await asAdmin('/kill-switches/rails/book', 'PUT', { engaged: true, reason });
    await asAdmin('/kill-switches/rails/book', 'PUT', { engaged: false });
    const own = await list('resource_type=kill_switch');
    expect(own.map(({ action, resource }) => [action, resource.id])).toEqual([
      ['kill_switch.released', `organization/${acme.organizationId}`],
      ['kill_switch.engaged', `organization/${acme.organizationId}`],
    ]);
    expect(own[1]?.reason).toBe('A payment to [redacted] came twice');
    const platforms = await list('resource_type=kill_switch', acme.api.adminKey);
    expect(platforms.map(({ action, resource, organization_id: owner }) => [action, resource.id, owner])).toEqual([
      ['kill_switch.released', 'rail/book', null],
      ['kill_switch.engaged', 'rail/book', null],
    ]);
  });

  it('has one entry for each chunk that was recorded, with a digest that its lines give again', async () => {
    const { id } = await acme.submit({
      ...bulkOf(...lines(7, (index) => (index === 2 ? { description: 'sandbox:reject:AC04' } : {}))),
      ...unlike('audit'),
    });
    await acme.ended(id);
    const recorded = (await list('action=transfers.recorded&limit=100')).filter(
      ({ after }) => (after as { bulk_request_id: string }).bulk_request_id === id,
    );
    expect(recorded.map(({ after }) => (after as { lines: number }).lines).sort()).toEqual([2, 5]);
    for (const { resource, after, actor } of recorded) {
      const rows = await ownerOf(acme.api.app).query<{ text: string; status: string }>(
        `SELECT t.id || '|submitting|' || t.status || '|' || t.attempts || '|' || coalesce(t.rail_id, '') || '|'
                || coalesce(t.failure_code, '') || chr(10) AS text, t.status
           FROM transfers t JOIN chunks c ON c.bulk_id = t.bulk_id AND t.line BETWEEN c.line_from AND c.line_to
          WHERE c.id = $1 ORDER BY t.line`,
        [resource.id],
      );
      const digest = createHash('sha256')
        .update(rows.map(({ text }) => text).join(''))
        .digest('hex');
      expect({ type: resource.type, actor: actor.kind, after }).toEqual({
        type: 'chunk',
        actor: 'system',
        after: {
          ...{ bulk_request_id: id, rail: 'sandbox', source: 'submission', lines: rows.length, digest },
          totals: totalsByStatus(rows.map(({ status: to }) => ({ to }) as RecordedLine)),
        },
      });
    }
    await expect(verify()).resolves.toMatchObject({ status: 'intact' });
  });

  it('is filtered, and paged, newest first', async () => {
    const all = await list('limit=100');
    const ids = all.map(({ id }) => id);
    expect(ids).toEqual([...ids].sort().reverse());
    const [newest] = all;
    const { body } = await acme.call('/audit-log?limit=2');
    const next = await acme.call(`/audit-log?limit=2&cursor=${String(body.next_cursor)}`);
    expect([...entriesOf({ body }), ...entriesOf(next)].map(({ id }) => id)).toEqual(ids.slice(0, 4));
    const ownActs = all.filter(({ actor }) => actor.id === keyId);
    expect((await list(`actor_id=${keyId}&limit=100`)).map(({ id }) => id)).toEqual(ownActs.map(({ id }) => id));
    const at = encodeURIComponent(newest?.occurred_at ?? '');
    expect((await list(`to=${at}&limit=100`)).some(({ id }) => id === newest?.id)).toBe(false);
    expect((await list(`from=${at}&limit=100`)).some(({ id }) => id === newest?.id)).toBe(true);
    expect((await list(`chain=changes&sequence=1`)).map(({ action }) => action)).toEqual(['organization.created']);
    const { status, body: problem } = await acme.call('/audit-log?action=nothing');
    expect([status, problem.code]).toEqual([400, 'invalid_request']);
  });

  it('needs its scope, and shows an organization only its own', async () => {
    const { id: organizationId } = await createOrganization(acme.api.app);
    const { secret: stranger } = await createApiKey(acme.api.app, { organizationId, scopes: ['audit-log:read'] });
    const { secret: without } = await createApiKey(acme.api.app, { organizationId, scopes: ['accounts:read'] });
    for (const path of ['/audit-log', '/audit-log/verify']) {
      expect((await acme.api.call(path, { key: without })).status).toBe(403);
      const headers = { 'x-organization-id': acme.organizationId };
      expect((await acme.api.call(path, { key: stranger, headers })).status).toBe(404);
    }
    const owners = new Set((await list('limit=100', stranger)).map((entry) => entry.organization_id));
    expect([...owners]).toEqual([organizationId]);
    const inside = { key: acme.api.adminKey, headers: { 'x-organization-id': organizationId } };
    expect(entriesOf(await acme.api.call('/audit-log', inside))).toEqual(await list('', stranger));
  });

  it('names the entry that somebody changed', async () => {
    const database = tampererOf(acme.api.app);
    const [entry] = await list('chain=changes&sequence=2');
    const change = (to: string) =>
      database.execute(`UPDATE audit_log SET actor_id = $2 WHERE id = $1`, [entry?.id, to]);
    await change('somebody else');
    const { status, first_broken: broken } = await verify();
    const link = { chain: 'changes', sequence: 2, id: entry?.id, problem: 'hash' };
    expect({ status, broken }).toEqual({ status: 'broken', broken: link });
    await expect(verify(acme.key, '?chain=refusals')).resolves.toMatchObject({ status: 'intact' });
    await change(entry?.actor.id ?? '');
    await expect(verify()).resolves.toMatchObject({ status: 'intact', first_broken: null });
  });

  describe('of refused attempts', () => {
    const attempt = async (path: string, method: 'POST' | 'DELETE', key: string | undefined, body?: object) => {
      const requestId = `attempt-${newId()}`;
      const headers = { 'x-request-id': requestId };
      const { status } = await acme.api.call(path, { method, headers, ...(key && { key }), ...(body && { body }) });
      return { requestId, status };
    };

    it.each([
      ['a scope that is missing', '/organizations', {}, 403, 'forbidden', 'POST /api/v1/organizations'],
      [
        'what is not there',
        `/transfers/${newId()}/cancel`,
        undefined,
        404,
        'not_found',
        'POST /api/v1/transfers/:id/cancel',
      ],
      [
        'an IBAN that is taken',
        '/accounts',
        { name: 'B', currency: 'EUR', iban: ACME_IBAN },
        409,
        'iban_taken',
        'POST /api/v1/accounts',
      ],
      [
        'an unknown currency',
        '/accounts',
        { name: 'B', currency: 'XXX' },
        422,
        'validation_failed',
        'POST /api/v1/accounts',
      ],
    ])('has %s, in the organization’s own log', async (_, path, body, status, code, route) => {
      const attempted = await attempt(path, 'POST', acme.key, body);
      expect(attempted.status).toBe(status);
      await expect(refused(attempted.requestId)).resolves.toMatchObject({
        organization_id: acme.organizationId,
        chain: 'refusals',
        action: 'request.refused',
        actor: { kind: 'key', id: keyId, key_id: keyId },
        resource: { type: 'route', id: route },
        reason: code,
        after: { status },
      });
    });

    it.each([
      ['no key', () => undefined, '/accounts', '/api/v1/accounts'],
      ['an unknown key', () => `trk_${'a'.repeat(16)}_${'b'.repeat(43)}`, '/transfers', '/api/v1/transfers'],
      [
        'a known key with another secret',
        () => `${acme.key.slice(0, -43)}${'b'.repeat(43)}`,
        '/bulk-requests',
        '/api/v1/bulk-requests',
      ],
      ['no key on a path that is none', () => undefined, '/DE89370400440532013000', '/api/v1/…'],
    ])('has %s in the log of the platform', async (_, keyShown, path, route) => {
      const attempted = await attempt(path, 'POST', keyShown(), {});
      expect(attempted.status).toBe(401);
      await expect(refused(attempted.requestId, acme.api.adminKey)).resolves.toMatchObject({
        organization_id: null,
        actor: { kind: 'anonymous', id: 'anonymous', key_id: null },
        resource: { type: 'route', id: `POST ${route}` },
        reason: 'unauthenticated',
        after: { status: 401 },
      });
    });

    it('has nothing of reading, of what is no request, and of what was let through; and is counted', async () => {
      const reading = `read-${newId()}`;
      expect((await acme.api.call('/accounts', { headers: { 'x-request-id': reading } })).status).toBe(401);
      const malformed = await attempt('/accounts', 'POST', acme.key, { nonsense: true });
      expect(malformed.status).toBe(400);
      const { requestId } = await attempt('/accounts', 'DELETE', acme.key);
      await refused(requestId);
      const ids = (await list('chain=refusals&limit=100')).map((entry) => entry.request_id);
      const anonymous = (await list('chain=refusals&limit=100', acme.api.adminKey)).map((entry) => entry.request_id);
      expect([...ids, ...anonymous].filter((id) => id === reading || id === malformed.requestId)).toEqual([]);
      const counted = await acme.api.app.get(Metrics).registry.getSingleMetricAsString('audit_refusals_total');
      expect(counted).toMatch(/audit_refusals_total\{status="403"\} [1-9]/);
      await expect(verify(acme.key, '?chain=refusals')).resolves.toMatchObject({ status: 'intact' });
      await expect(verify(acme.api.adminKey)).resolves.toMatchObject({ status: 'intact' });
    });
  });
});
