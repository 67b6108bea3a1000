import type { OpenAPIObject } from '@nestjs/swagger';
import { newId } from '../../src/domain/ids.js';
import { type Organization, OrganizationsService, type Scope, SCOPES } from '../../src/modules/organizations/index.js';
import { createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import {
  collectRoutes,
  isDocumentation,
  isPublic,
  nameOf,
  PUBLIC_ROUTES,
  type Route,
  SIGNED_ROUTES,
} from '../support/routes.js';
import { ownerOf } from '../support/owner.js';
import { rowCounts } from '../support/row-counts.js';
import { startTestApi, type TestApi } from '../support/test-api.js';

interface Answered {
  status: number;
  body: string;
}

/** Answers that a refused caller may get. */
type Expected = (route: Route) => readonly number[];

describe('every route', () => {
  let api: TestApi;
  let routes: Route[];
  let organization: Organization;
  let other: Organization;
  let document: OpenAPIObject;

  beforeAll(async () => {
    ({ started: api, routes } = await collectRoutes(() => startTestApi()));
    organization = await createOrganization(api.app);
    other = await createOrganization(api.app);
    document = (await api.app.inject('/openapi.json')).json<OpenAPIObject>();
  });
  afterAll(() => api.close());

  const guarded = (): Route[] => routes.filter((route) => !isPublic(route));

  /** The credentials as the route takes them: the boards speak HTTP Basic. */
  const credentials = ({ url }: Route, key: string): Record<string, string> => ({
    authorization: url.startsWith('/ops/')
      ? `Basic ${Buffer.from(`operator:${key}`).toString('base64')}`
      : `Bearer ${key}`,
  });

  /** An example of the route's body, so that nothing but the refusal keeps it from having an effect. */
  function exampleBody({ method, url }: Route): object | undefined {
    const item = document.paths[url.replace(/:([^/]+)/g, '{$1}')] as Record<string, BodyOf | undefined> | undefined;
    const media = item?.[method.toLowerCase()]?.requestBody?.content['application/json'];
    if (media === undefined) return undefined;
    const [example] = Object.values(media.examples ?? {});
    if (example !== undefined) return example.value;
    const schema = document.components?.schemas?.[media.schema.$ref.split('/').at(-1) ?? ''];
    const properties = Object.entries(
      (schema as { properties?: Record<string, { example?: unknown }> }).properties ?? {},
    );
    return Object.fromEntries(
      properties.flatMap(([name, { example }]) => (example === undefined ? [] : [[name, example]])),
    );
  }
  interface BodyOf {
    requestBody?: {
      content: Record<string, { schema: { $ref: string }; examples?: Record<string, { value: object }> }>;
    };
  }

  async function ask(route: Route, headers: Record<string, string>, id = newId()): Promise<Answered> {
    const body = exampleBody(route);
    const response = await api.app.inject({
      method: route.method as 'GET',
      url: route.url.replace(/:[^/]+/g, id).replace('*', 'x'),
      headers,
      ...(body && { payload: body }),
    });
    return { status: response.statusCode, body: response.payload };
  }

  /** The guarded routes that answer something else, by their names, after all were asked; and what that left behind. */
  async function unexpected(
    expected: Expected,
    headersFor: (route: Route) => Record<string, string>,
    { id, of = guarded() }: { id?: string; of?: Route[] } = {},
  ): Promise<{ answers: string[]; before: object; after: object }> {
    const database = ownerOf(api.app);
    const before = await rowCounts(database);
    const answers: string[] = [];
    for (const route of of) {
      const { status } = await ask(route, headersFor(route), id);
      if (!expected(route).includes(status)) answers.push(`${nameOf(route)} answers ${status}`);
    }
    return { answers, before, after: await rowCounts(database) };
  }

  async function expectRefused(...asked: Parameters<typeof unexpected>): Promise<void> {
    const { answers, before, after } = await unexpected(...asked);
    expect(answers).toEqual([]);
    expect(after).toEqual(before);
  }

  const always =
    (status: number): Expected =>
    ({ url }) => [SIGNED_ROUTES.includes(url) ? 401 : status];

  it('is known to this test', () => {
    const names = routes.map(nameOf);
    expect(names).toEqual(expect.arrayContaining(['GET /api/v1/accounts', 'GET /docs', 'GET /openapi.json']));
    expect(routes.map(({ url }) => url)).toEqual(expect.arrayContaining(PUBLIC_ROUTES));
    expect(guarded().length).toBeGreaterThan(50);
  });

  it('of the documentation is only read', () => {
    const methods = routes.filter(isDocumentation).map(({ method }) => method);
    expect([...new Set(methods)].sort()).toEqual(['GET', 'HEAD']);
  });

  it('but the public ones asks for a key', async () => {
    await expectRefused(always(401), () => ({}));
  });

  describe('but the public ones refuses, without any effect,', () => {
    const keyOf = (scopes: readonly Scope[] = SCOPES) =>
      createApiKey(api.app, { organizationId: organization.id, scopes });

    it('garbage', async () => {
      for (const key of ['trk_garbage', 'eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0.']) {
        await expectRefused(always(401), (route) => credentials(route, key));
      }
    });

    it('a key with another secret', async () => {
      const { secret } = await keyOf();
      const wrong = secret.slice(0, -1) + (secret.endsWith('A') ? 'B' : 'A');
      await expectRefused(always(401), (route) => credentials(route, wrong));
    });

    it('a key that was revoked', async () => {
      const { id, secret } = await keyOf();
      await api.app.get(OrganizationsService).revokeApiKey(organization.id, id);
      await expectRefused(always(401), (route) => credentials(route, secret));
    });

    it('a key that expired', async () => {
      const { id, secret } = await keyOf();
      await ownerOf(api.app).execute('UPDATE api_keys SET expires_at = now() WHERE id = $1', [id]);
      await expectRefused(always(401), (route) => credentials(route, secret));
    });

    it('a key without scopes', async () => {
      const { secret } = await keyOf([]);
      await expectRefused(always(403), (route) => credentials(route, secret));
    });

    it('a key that lacks the one scope it needs', async () => {
      // One missing scope at a time: each route is refused by one of the keys at least, the rest of the rounds may let it pass.
      const needs = new Map(guarded().map((route) => [nameOf(route), scopesOf(route)]));
      for (const missing of [...SCOPES, 'admin']) {
        const { secret } = await keyOf(SCOPES.filter((scope) => scope !== missing));
        const of = guarded().filter((route) => needs.get(nameOf(route))?.includes(missing));
        await expectRefused(always(403), (route) => credentials(route, secret), { of });
      }
    });
  });

  /** Which scopes the document says a route needs; of the boards, which are not in it, their own. */
  function scopesOf({ method, url }: Route): readonly string[] {
    if (url.startsWith('/ops/')) return ['operator'];
    const item = document.paths[url.replace(/:([^/]+)/g, '{$1}')] as Record<string, object | undefined> | undefined;
    const read = item?.[method.toLowerCase()] ?? (method === 'HEAD' ? item?.get : undefined);
    return (read as { 'x-required-scopes'?: readonly string[] } | undefined)?.['x-required-scopes'] ?? [];
  }

  it('but the public ones says which scopes it needs', () => {
    const silent = guarded().filter((route) => scopesOf(route).length === 0 && !SIGNED_ROUTES.includes(route.url));
    expect(silent.map(nameOf)).toEqual([]);
  });

  describe('that names something', () => {
    /** What only the platform may do is refused before anybody looks for the thing. */
    const notThere: Expected = (route) => (scopesOf(route).includes('admin') ? [403] : [404]);

    it('does not find it in another organization', async () => {
      const { secret } = await createApiKey(api.app, { organizationId: organization.id });
      const { id } = await createFundedAccount(api.app, { organizationId: other.id });
      const ofOrganizations = guarded().filter(
        ({ url }) => url.includes(':') && url.startsWith('/api/v1/') && !SIGNED_ROUTES.includes(url),
      );
      await expectRefused(notThere, (route) => credentials(route, secret), { id, of: ofOrganizations });
    });

    it('does not act in an organization that another one’s key names', async () => {
      const { secret } = await createApiKey(api.app, { organizationId: organization.id });
      const of = guarded().filter(({ method, url }) => hasOrganization({ method, url }));
      expect(of.length).toBeGreaterThan(20);
      const headers = (route: Route) => ({ ...credentials(route, secret), 'x-organization-id': other.id });
      await expectRefused(notThere, headers, { of });
    });
  });

  /** Whether a route acts in one organization, by its parameter. */
  function hasOrganization({ method, url }: Route): boolean {
    const item = document.paths[url.replace(/:([^/]+)/g, '{$1}')] as Record<string, Parameterized | undefined>;
    return item?.[method.toLowerCase()]?.parameters?.some(({ name }) => name === 'X-Organization-Id') === true;
  }
  interface Parameterized {
    parameters?: { name: string }[];
  }
});
