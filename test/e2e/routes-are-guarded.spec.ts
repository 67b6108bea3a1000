import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { FastifyInstance, RouteOptions } from 'fastify';
import { newId } from '../../src/domain/ids.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { startTestApi, type TestApi } from '../support/test-api.js';

/** What answers without a key, besides the documentation. A new one is a decision, and is taken here. */
const PUBLIC = ['/health', '/health/live', '/health/ready', '/metrics', '/openapi.json'];

/** Asks for the signature of its body instead of a key: no key opens it. */
const SIGNED = ['/api/v1/rails/http/events'];

const isDocumentation = (url: string): boolean => /^\/(docs|redoc)(\/|$)/.test(url);

interface Route {
  method: string;
  url: string;
}

const nameOf = ({ method, url }: Route): string => `${method} ${url}`;

/** Every route of every Fastify instance made from now on, the documentation's and the boards' included. */
function collectRoutes(): { routes: Route[]; stop: () => void } {
  const routes: Route[] = [];
  const watch = (message: unknown): void => {
    const { fastify } = message as { fastify: FastifyInstance };
    fastify.addHook('onRoute', ({ method, url }: RouteOptions) => {
      for (const one of [method].flat()) routes.push({ method: one, url });
    });
  };
  subscribe('fastify.initialization', watch);
  return { routes, stop: () => void unsubscribe('fastify.initialization', watch) };
}

describe('every route', () => {
  let api: TestApi;
  let routes: Route[];
  let keyWithoutScopes: string;

  beforeAll(async () => {
    const collector = collectRoutes();
    api = await startTestApi();
    collector.stop();
    ({ routes } = collector);
    const { id: organizationId } = await createOrganization(api.app);
    ({ secret: keyWithoutScopes } = await createApiKey(api.app, { organizationId, scopes: [] }));
  });
  afterAll(() => api.close());

  /** The routes that do not answer with `status`, by their names. */
  async function notAnswering(status: number, headersFor: (route: Route) => Record<string, string>): Promise<string[]> {
    const others: string[] = [];
    for (const route of routes.filter(({ url }) => !isDocumentation(url) && !PUBLIC.includes(url))) {
      const url = route.url.replace(/:[^/]+/g, () => newId()).replace('*', 'x');
      const response = await api.app.inject({ method: route.method as 'GET', url, headers: headersFor(route) });
      if (response.statusCode !== status) others.push(`${nameOf(route)} answers ${response.statusCode}`);
    }
    return others;
  }

  it('is known to this test', () => {
    const names = routes.map(nameOf);
    expect(names).toEqual(expect.arrayContaining(['GET /api/v1/accounts', 'GET /docs', 'GET /openapi.json']));
    expect(routes.map(({ url }) => url)).toEqual(expect.arrayContaining(PUBLIC));
  });

  it('of the documentation is only read', () => {
    const methods = routes.filter(({ url }) => isDocumentation(url)).map(({ method }) => method);
    expect([...new Set(methods)].sort()).toEqual(['GET', 'HEAD']);
  });

  it('but the public ones asks for a key', async () => {
    await expect(notAnswering(401, () => ({}))).resolves.toEqual([]);
  });

  it('but the public ones is closed to a key without scopes', async () => {
    const basic = `Basic ${Buffer.from(`operator:${keyWithoutScopes}`).toString('base64')}`;
    const bearer = `Bearer ${keyWithoutScopes}`;
    const refused = notAnswering(403, ({ url }) => ({ authorization: url.startsWith('/ops/') ? basic : bearer }));
    await expect(refused).resolves.toEqual(SIGNED.map((url) => `POST ${url} answers 401`));
  });
});
