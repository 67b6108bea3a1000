import { newId } from '../../src/domain/ids.js';
import { Queues } from '../../src/platform/queue/index.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { eventually } from '../support/eventually.js';
import { startTestApi, type TestApi } from '../support/test-api.js';

const basic = (key: string): string => `Basic ${Buffer.from(`operator:${key}`).toString('base64')}`;

describe('the queue board', () => {
  let api: TestApi;
  beforeAll(async () => {
    api = await startTestApi();
  });
  afterAll(() => api.close());

  const get = (url: string, authorization?: string) =>
    api.app.inject({ method: 'GET', url, headers: authorization === undefined ? {} : { authorization } });

  it.each(['/ops/queues', '/ops/queues/', '/ops/queues/api/queues', '/ops/queues/static/favicon-32x32.png'])(
    'asks for a password at %s, and not only on the first page',
    async (path) => {
      const answer = await get(path);
      expect(answer.statusCode).toBe(401);
      expect(answer.headers['www-authenticate']).toMatch(/^Basic realm=/);
    },
  );

  it('opens for operators, and does not say whose work it is', async () => {
    const { id: organizationId } = await createOrganization(api.app);
    const { secret } = await createApiKey(api.app, { organizationId, scopes: ['operator'] });
    const { secret: clerk } = await createApiKey(api.app, { organizationId, scopes: ['bulk-requests:write'] });
    const job = 'recount-bulk-request';
    const envelope = { organizationId, ids: { bulkId: newId() }, requestId: 'of-a-stranger', outboxId: null };
    await api.app.get(Queues, { strict: false }).publish([{ job, id: newId(), generation: 1, envelope }]);
    for (const key of [api.adminKey, secret]) {
      expect((await get('/ops/queues', basic(key))).statusCode).toBe(200);
      const shown = await get(`/ops/queues/api/queues?activeQueue=${job}&status=latest`, basic(key));
      expect(shown.body).toContain('of-a-stranger');
      expect(shown.body).not.toContain(organizationId);
    }
    const refused = await get('/ops/queues', basic(clerk));
    expect([refused.statusCode, refused.json()]).toMatchObject([403, { code: 'forbidden' }]);
    expect((await get('/ops/queues', basic('trk_unknown'))).statusCode).toBe(401);
  });

  it('changes nothing, whoever asks, and who tried is in the audit log', async () => {
    const { id: organizationId } = await createOrganization(api.app);
    const { id: keyId, secret } = await createApiKey(api.app, { organizationId });
    const pause = async (key: string, requestId: string) => {
      const headers = { authorization: basic(key), 'x-request-id': requestId };
      const answer = await api.app.inject({ method: 'PUT', url: '/ops/queues/api/queues/pause', headers });
      expect([answer.statusCode, answer.json()]).toMatchObject([403, { code: 'forbidden' }]);
      const refusal = async (): Promise<unknown> => {
        const { body } = await api.call('/audit-log?chain=refusals', { key });
        return (body.data as { request_id: string }[]).find((entry) => entry.request_id === requestId);
      };
      return eventually(refusal, { what: 'the refusal to be written down' });
    };
    const route = { type: 'route', id: 'PUT /ops/queues/api/queues/pause' };
    const refused = { action: 'request.refused', resource: route, reason: 'forbidden', after: { status: 403 } };
    await expect(pause(api.adminKey, newId())).resolves.toMatchObject({
      ...refused,
      organization_id: null,
      actor: { kind: 'admin', id: 'admin' },
    });
    await expect(pause(secret, newId())).resolves.toMatchObject({
      ...refused,
      organization_id: organizationId,
      actor: { kind: 'key', key_id: keyId },
    });
    const paused = await Promise.all(
      api.app
        .get(Queues, { strict: false })
        .all()
        .map((queue) => queue.isPaused()),
    );
    expect(paused).not.toContain(true);
  });

  it('shows every queue, for reading', async () => {
    const { queues } = (await get('/ops/queues/api/queues', basic(api.adminKey))).json<{
      queues: { name: string; readOnlyMode: boolean; allowRetries: boolean }[];
    }>();
    expect(queues.every(({ readOnlyMode, allowRetries }) => readOnlyMode && !allowRetries)).toBe(true);
    expect(queues.map((queue) => queue.name).sort()).toEqual([
      'complete-bulk-request',
      'deliver-book-credits',
      'deliver-webhook',
      'execute-chunk-book',
      'execute-chunk-http',
      'execute-chunk-sandbox',
      'reconcile-rail',
      'recount-bulk-request',
      'stop-bulk-request',
    ]);
  });
});
