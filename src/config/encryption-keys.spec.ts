import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { loadConfig } from './config.schema.js';
import { developmentKey } from './encryption-keys.js';

const SERVERS = { DATABASE_URL: 'postgres://unused', REDIS_URL: 'redis://unused' };
const load = (keys: string, env: NodeJS.ProcessEnv = {}): ReturnType<typeof loadConfig> =>
  loadConfig({ ...SERVERS, DATA_ENCRYPTION_KEYS: keys, ...env });
const secretsOf = (keys: string): (string | undefined)[] =>
  (load(keys).DATA_ENCRYPTION_KEYS ?? []).map(({ secret }) => secret.export().toString('hex'));

const bytes = Buffer.from([...Array(32).keys()].map((value) => 255 - value));
const other = randomBytes(32);

describe('DATA_ENCRYPTION_KEYS', () => {
  it.each(['base64', 'base64url', 'hex'] as const)('reads 32 bytes as %s', (encoding) => {
    expect(secretsOf(bytes.toString(encoding))).toEqual([bytes.toString('hex')]);
  });

  it('reads several keys in their order, with names or without', () => {
    const text = `2026-11:${other.toString('base64')}, ${bytes.toString('hex')}`;
    expect(secretsOf(text)).toEqual([other.toString('hex'), bytes.toString('hex')]);
    expect(load(text).DATA_ENCRYPTION_KEYS?.map(({ name }) => name)).toEqual(['2026-11', undefined]);
  });

  it.each([
    ['too short', bytes.subarray(1).toString('base64'), 'key 1 is not 32 bytes'],
    ['too long', Buffer.concat([bytes, bytes]).toString('base64'), 'key 1 is not 32 bytes'],
    ['an alphabet of its own', `${'*'.repeat(43)}=`, 'key 1 is not 32 bytes'],
    ['nothing after a comma', `${bytes.toString('hex')},`, 'key 2 is not 32 bytes'],
    ['no random bytes', Buffer.alloc(32).toString('base64'), 'key 1 is one byte repeated'],
    ['the same key twice', `a:${bytes.toString('hex')},b:${bytes.toString('base64')}`, 'key 2 is there twice'],
    ['a key as a name', `${bytes.toString('base64')}:${other.toString('base64')}`, 'key 1 has a name'],
  ])('refuses %s in one line without the key', (_, keys, problem) => {
    let message = '';
    try {
      load(keys);
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(`DATA_ENCRYPTION_KEYS: ${problem}`);
    expect(message).not.toContain('\n');
    for (const encoding of ['base64', 'hex'] as const) {
      expect(message).not.toContain(bytes.toString(encoding).slice(0, 12));
      expect(message).not.toContain(other.toString(encoding).slice(0, 12));
    }
  });

  it('never shows a key of a configuration that is printed', () => {
    const printed = inspect(load(bytes.toString('hex')), { depth: 9 });
    expect(printed).toContain('DATA_ENCRYPTION_KEYS');
    expect(printed).not.toContain(bytes.toString('hex').slice(0, 8));
  });

  it('is needed in production, and there the development key will not do', () => {
    const production = { NODE_ENV: 'production' };
    expect(() => load('', production)).toThrow('DATA_ENCRYPTION_KEYS: is needed when NODE_ENV is production');
    expect(() => load(developmentKey().secret.export().toString('hex'), production)).toThrow('the development key');
    expect(load(other.toString('hex'), production).DATA_ENCRYPTION_KEYS).toHaveLength(1);
    expect(load('').DATA_ENCRYPTION_KEYS).toBeUndefined();
  });

  it('does not take a misspelt NODE_ENV for development', () => {
    expect(() => load('', { NODE_ENV: 'prod' })).toThrow('NODE_ENV');
  });
});
