import { createApiKey, createOrganization } from '../factories/organizations.js';
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

  it('opens for the admin key and for an operator key, not for another one', async () => {
    const { id: organizationId } = await createOrganization(api.app);
    const operator = await createApiKey(api.app, { organizationId, scopes: ['operator'] });
    const other = await createApiKey(api.app, { organizationId, scopes: ['accounts:read'] });
    expect((await get('/ops/queues', basic(api.adminKey))).statusCode).toBe(200);
    expect((await get('/ops/queues', basic(operator.secret))).statusCode).toBe(200);
    expect((await get('/ops/queues', basic(other.secret))).statusCode).toBe(403);
    expect((await get('/ops/queues', basic('trk_unknown'))).statusCode).toBe(401);
  });

  it('shows every queue', async () => {
    const { queues } = (await get('/ops/queues/api/queues', basic(api.adminKey))).json<{
      queues: { name: string }[];
    }>();
    expect(queues.map((queue) => queue.name).sort()).toEqual([
      'complete-bulk-request',
      'deliver-book-credits',
      'execute-chunk-book',
      'execute-chunk-http',
      'execute-chunk-sandbox',
      'reconcile-rail',
      'recount-bulk-request',
      'stop-bulk-request',
    ]);
  });
});
