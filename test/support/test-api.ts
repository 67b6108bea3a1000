import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { SwaggerModule } from '@nestjs/swagger';
import { createApi } from '../../src/app/create-api.js';
import { loadConfig } from '../../src/config/config.schema.js';
import { TEST_ADMIN_KEY } from './processes.js';
import { createTestDatabase } from './test-database.js';
import { testRedisUrl } from './test-redis.js';

export interface ApiCall {
  method?: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** The whole key; none is sent when it is left out. */
  key?: string;
  body?: object;
  headers?: Record<string, string>;
}

export interface ApiAnswer {
  status: number;
  headers: Record<string, unknown>;
  /** The JSON body; an empty object when there is none. */
  body: Record<string, unknown>;
  text: string;
}

export interface TestApi {
  app: NestFastifyApplication;
  databaseUrl: string;
  adminKey: string;
  /** One request through the whole of HTTP, without a socket. `path` is below /api/v1. */
  call(path: string, options?: ApiCall): Promise<ApiAnswer>;
  close(): Promise<void>;
}

type PluginMetadata = () => Promise<{ '@nestjs/swagger': { models: unknown[]; controllers: unknown[] } }>;

let metadataLoaded: Promise<void> | undefined;

/**
 * What the swagger plugin of nest-cli.json compiles into the build, the tests are told: `npm test` generates it first. Models
 * only: of controllers it has the summaries, and in this form swagger trips over one that inherits its handlers.
 */
async function loadSwaggerMetadata(): Promise<void> {
  const generated: string = '../../src/metadata.js';
  const { default: metadata } = (await import(generated)) as { default: PluginMetadata };
  const { '@nestjs/swagger': swagger } = await metadata();
  await SwaggerModule.loadPluginMetadata(async () => ({ '@nestjs/swagger': { ...swagger, controllers: [] } }));
}

/** The API as a process would run it, on a database of its own. */
export async function startTestApi(env: Record<string, string> = {}): Promise<TestApi> {
  metadataLoaded ??= loadSwaggerMetadata();
  await metadataLoaded;
  const database = await createTestDatabase();
  const settings = {
    DATABASE_URL: database.url,
    REDIS_URL: await testRedisUrl(),
    ADMIN_API_KEY: TEST_ADMIN_KEY,
    ALLOW_UNSAFE_DURABILITY: 'true',
    LOG_LEVEL: 'silent',
    // Tests fail to authenticate on purpose, all from one address.
    AUTH_FAILURES_PER_MINUTE: '100000',
    ...env,
  };
  Object.assign(process.env, settings); // the configuration of the container is read from there
  const app = await createApi(loadConfig(settings));
  const close = async (): Promise<void> => {
    await app.close();
    await database.drop();
  };
  return { app, databaseUrl: database.url, adminKey: TEST_ADMIN_KEY, call: callerOf(app), close };
}

function callerOf(app: NestFastifyApplication): TestApi['call'] {
  return async (path, { method = 'GET', key, body, headers = {} } = {}) => {
    const response = await app.inject({
      method,
      url: `/api/v1${path}`,
      headers: { ...(key !== undefined && { authorization: `Bearer ${key}` }), ...headers },
      ...(body && { payload: body }),
    });
    const text = response.payload;
    return {
      status: response.statusCode,
      headers: response.headers,
      body: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>),
      text,
    };
  };
}
