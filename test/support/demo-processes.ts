import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { startApi, stopProcesses, TEST_ADMIN_KEY, type TestProcess } from './processes.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';
import { testRedisUrl } from './test-redis.js';

const SEED = path.resolve(__dirname, '../../scripts/seed.mjs');

export interface DemoProcesses {
  api: TestProcess;
  /** For more processes beside this one. */
  servers: { databaseUrl: string; redisUrl: string };
  /** Of the demo organization, ACME Corp. */
  demoKey: string;
  /** A request with the demo key; `path` is below /api/v1. */
  call(path: string, options?: { body?: object; headers?: Record<string, string> }): Promise<Response>;
  close(): Promise<void>;
}

/** The built API with the demo's data, as `npm run db:seed` makes them. */
export async function startDemoApi(env: Record<string, string> = {}, on?: TestDatabase): Promise<DemoProcesses> {
  const database = on ?? (await createTestDatabase());
  const servers = { databaseUrl: database.url, redisUrl: await testRedisUrl() };
  const api = await startApi({ ...servers, env });
  const demoKey = await seed(api.url);
  return {
    api,
    servers,
    demoKey,
    call: (below, { body, headers } = {}) =>
      fetch(`${api.url}/api/v1${below}`, {
        headers: {
          authorization: `Bearer ${demoKey}`,
          ...(body && { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body && { method: 'POST', body: JSON.stringify(body) }),
      }),
    close: async () => {
      await stopProcesses();
      await database.drop();
    },
  };
}

async function seed(url: string): Promise<string> {
  const env = { PATH: process.env.PATH, ADMIN_API_KEY: TEST_ADMIN_KEY };
  const { stdout } = await promisify(execFile)(process.execPath, [SEED, url], { env });
  const key = /^Demo key (trk_\S+)$/m.exec(stdout)?.[1];
  if (key === undefined) throw new Error(`The seed made no key: ${stdout}`);
  return key;
}
