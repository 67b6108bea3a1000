import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { OpenAPIObject } from '@nestjs/swagger';
import { DOCUMENTED_CODES } from '../../src/platform/http/problem-titles.js';
import { KEYS, startHttpApp } from '../support/http-app.js';

let app: NestFastifyApplication;
const folder = mkdtempSync(path.join(tmpdir(), 'tranche-docs-'));
const demoKeyFile = path.join(folder, 'demo.json');

beforeAll(async () => {
  app = await startHttpApp({ DEMO_KEY_FILE: demoKeyFile, METRICS_TOKEN: 'scrape-me' });
});
afterAll(async () => {
  await app.close();
  rmSync(folder, { recursive: true });
});

const get = (url: string, headers: Record<string, string> = {}) => app.inject({ method: 'GET', url, headers });
const documented = async () => (await get('/openapi.json')).json<OpenAPIObject>();

describe('the pages', () => {
  it.each([
    ['/docs', 'text/html'],
    ['/docs/', 'text/html'],
    ['/docs/swagger-ui-init.js', 'application/javascript'],
    ['/docs/swagger-ui-bundle.js', 'javascript'],
    ['/docs/swagger-ui.css', 'text/css'],
    ['/docs/errors', 'text/html'],
    ['/redoc', 'text/html'],
    ['/redoc/redoc.css', 'text/css'],
    ['/redoc/redoc.js', 'text/javascript'],
    ['/redoc/redoc.standalone.js', 'text/javascript'],
    ['/openapi.json', 'application/json'],
  ])('serve %s as %s', async (url, type) => {
    const response = await get(url);
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toContain(type);
    expect(response.headers['content-security-policy']).toContain("script-src 'self'");
    expect(response.headers['x-content-type-options']).toBe('nosniff');
  });

  it.each(['/docs', '/redoc', '/docs/errors'])(
    '%s runs no inline script and fetches nothing from elsewhere',
    async (url) => {
      const { body } = await get(url);
      expect(body).not.toMatch(/<script>|<script(?![^>]*\ssrc=)/);
      expect(body).not.toMatch(/(src|href)=["'](https?:)?\/\//);
    },
  );

  it('explain every code, where the type of a problem points', async () => {
    const { body } = await get('/docs/errors');
    for (const code of Object.keys(DOCUMENTED_CODES)) expect(body).toContain(`id="${code}"`);
  });

  it('show the demo key once there is one, and only on the page', async () => {
    expect((await get('/docs/swagger-ui-init.js')).body).not.toContain('Demo key');
    writeFileSync(demoKeyFile, JSON.stringify({ demo_api_key: 'trk_demo_key' }));
    expect((await get('/docs/swagger-ui-init.js')).body).toContain('trk_demo_key');
    expect((await get('/openapi.json')).body).not.toContain('trk_demo_key');
  });
});

describe('the document', () => {
  it('is OpenAPI 3.1 with a relative server and both ways to authenticate', async () => {
    expect(await documented()).toMatchObject({
      openapi: '3.1.0',
      info: { title: 'Tranche', license: { name: 'MIT' } },
      servers: [{ url: '/' }],
      security: [{ bearer: [] }, { api_key: [] }],
      components: { securitySchemes: { bearer: { scheme: 'bearer' }, api_key: { in: 'header', name: 'X-API-Key' } } },
    });
  });

  it('closes objects, keeps maps open, and has no schema that only queries need', async () => {
    const { components } = await documented();
    expect(components?.schemas).toMatchObject({
      CreateThingDto: {
        additionalProperties: false,
        properties: { metadata: { additionalProperties: { type: 'string' } } },
      },
      LineDto: { additionalProperties: false },
    });
    expect(Object.keys(components?.schemas ?? {})).not.toContain('ThingsQuery');
  });

  it('has the headers and path parameters that handlers take', async () => {
    const { paths } = await documented();
    const names = (parameters: unknown) => (parameters as { name: string }[]).map(({ name }) => name);
    expect(names(paths['/api/v1/things']?.post?.parameters)).toEqual(['X-Organization-Id']);
    expect(names(paths['/api/v1/things/stored']?.post?.parameters)).toEqual(['Idempotency-Key']);
    expect(names(paths['/api/v1/things/by-id/{id}']?.get?.parameters)).toEqual(['id']);
    expect(names(paths['/api/v1/things']?.get?.parameters)).toEqual(
      expect.arrayContaining(['limit', 'cursor', 'dry_run']),
    );
  });

  it('asks for no key where none is needed', async () => {
    const { paths } = await documented();
    expect(paths['/metrics']?.get?.security).toEqual([]);
    expect(paths['/api/v1/things']?.get?.security).toBeUndefined();
  });

  it('gives every operation an id of its own', async () => {
    const { paths } = await documented();
    const ids = Object.values(paths).flatMap((item) => [item.get, item.post].flatMap((one) => one?.operationId ?? []));
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain('things_create');
  });
});

describe('metrics', () => {
  const scrape = (token: string) => get('/metrics', { authorization: `Bearer ${token}` });

  it('take the token of the configuration, and no API key', async () => {
    expect((await get('/metrics')).statusCode).toBe(401);
    expect((await scrape(KEYS.admin)).statusCode).toBe(401);
    expect((await scrape('scrape-me')).statusCode).toBe(200);
  });

  it('count requests by route pattern, and tell the state of the pool', async () => {
    await get('/api/v1/things/by-id/0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d', { authorization: `Bearer ${KEYS.reader}` });
    await get('/nowhere/at/all', { authorization: `Bearer ${KEYS.reader}` });
    const { body, headers } = await scrape('scrape-me');
    expect(headers['content-type']).toContain('text/plain');
    expect(body).toContain(
      'http_request_duration_seconds_count{method="GET",route="/api/v1/things/by-id/:id",status="200"} 1',
    );
    expect(body).toContain('http_request_duration_seconds_count{method="GET",route="none",status="404"} 1');
    expect(body).toContain('database_pool_connections{state="waiting"} 2');
    expect(body).toContain('process_cpu_seconds_total');
  });
});
