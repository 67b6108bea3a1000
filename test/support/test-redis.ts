import { Redis } from 'ioredis';
import { testSetting } from './test-setting.js';

let emptied: Promise<string> | undefined;

/**
 * The logical Redis database of this jest worker, emptied when a test file first asks for it. Other workers use the same server at
 * the same time: a test that loses Redis' data does FLUSHDB, never FLUSHALL.
 */
export function testRedisUrl(): Promise<string> {
  emptied ??= emptyOwnDatabase();
  return emptied;
}

async function emptyOwnDatabase(): Promise<string> {
  const url = new URL(testSetting('TEST_REDIS_URL'));
  url.pathname = `/${process.env.JEST_WORKER_ID ?? '1'}`;
  const client = new Redis(url.href);
  try {
    await client.flushdb();
  } finally {
    client.disconnect();
  }
  return url.href;
}
