import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { databaseUrl } from '../../migrations/database-url.js';
import { secretOf } from '../../scripts/secret-variables.mjs';
import { loadConfig } from '../../src/config/config.schema.js';
import { readSecrets, SECRETS, secretStores, type SecretStore } from '../../src/config/secrets.js';

const URL = 'postgres://tranche:s3cr3t@db/tranche';
const REDIS_URL = 'redis://:s3cr3t@cache';

describe('a secret', () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(path.join(tmpdir(), 'tranche-secrets-'))));
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  const file = (name: string, content: string): string => {
    writeFileSync(path.join(dir, name), content);
    return path.join(dir, name);
  };

  /** The product, the migrations and the scripts each read DATABASE_URL by themselves. */
  const readers: [string, (environment: NodeJS.ProcessEnv) => string | undefined][] = [
    ['the product', (environment) => loadConfig({ REDIS_URL, ...environment }).DATABASE_URL],
    ['the migrations', (environment) => databaseUrl(environment)],
    ['the scripts', (environment) => secretOf('DATABASE_URL', environment)],
  ];

  describe.each(readers)('as %s read it', (_reader, read) => {
    it.each(['\n', '\r\n', ''])('is what its file holds, without the line break at the end (%j)', (end) => {
      expect(read({ DATABASE_URL_FILE: file('url', URL + end) })).toBe(URL);
    });

    it('may stand in its variable, or in the directory of secrets', () => {
      expect(read({ DATABASE_URL: URL })).toBe(URL);
      file('DATABASE_URL', `${URL}\n`);
      expect(read({ SECRETS_DIR: dir })).toBe(URL);
      expect(read({ DATABASE_URL: '', DATABASE_URL_FILE: '', SECRETS_DIR: dir })).toBe(URL);
      expect(read({ DATABASE_URL: `${URL}2`, SECRETS_DIR: dir })).toBe(`${URL}2`);
      expect(read({ DATABASE_URL_FILE: file('url', `${URL}3`), SECRETS_DIR: dir })).toBe(`${URL}3`);
    });

    it('is refused when it is given by variable and by file', () => {
      const environment = { DATABASE_URL: URL, DATABASE_URL_FILE: file('url', URL) };
      expect(problemOf(read, environment)).toMatch(/DATABASE_URL_FILE: is set, and so is DATABASE_URL$/);
    });

    it.each([
      ['is not there', () => path.join(dir, 'none'), 'cannot be read (ENOENT)'],
      ['is a directory', () => dir, 'cannot be read (EISDIR)'],
      ['is empty', () => file('empty', '\n'), 'is empty'],
    ])('is refused when its file %s, in one line that names variable and file', (_case, make, problem) => {
      const named = make();
      expect(problemOf(read, { DATABASE_URL_FILE: named })).toMatch(
        new RegExp(`DATABASE_URL_FILE: ${named} ${problem.replace(/[()]/g, '\\$&')}$`),
      );
    });

    it('is refused when what is in the directory of secrets cannot be read', () => {
      mkdirSync(path.join(dir, 'DATABASE_URL'));
      expect(problemOf(read, { SECRETS_DIR: dir })).toMatch(/SECRETS_DIR: .*DATABASE_URL cannot be read \(EISDIR\)$/);
    });
  });

  function problemOf(
    read: (environment: NodeJS.ProcessEnv) => string | undefined,
    environment: NodeJS.ProcessEnv,
  ): string {
    try {
      read(environment);
    } catch (error) {
      const { message } = error as Error;
      expect(message).not.toMatch(/\n|s3cr3t/);
      return message;
    }
    throw new Error('nothing was refused');
  }

  it('may each be given by a file', () => {
    const environment = Object.fromEntries(SECRETS.map((name) => [`${name}_FILE`, file(name, `of ${name}\n`)]));
    const { values, problems } = readSecrets(secretStores(environment));
    expect(values).toEqual(Object.fromEntries(SECRETS.map((name) => [name, `of ${name}`])));
    expect([...problems]).toEqual([]);
  });

  it('may be kept by any other store, which is asked when no earlier one has it', () => {
    const vault: SecretStore = { read: (name) => (name === 'METRICS_TOKEN' ? 'kept' : undefined) };
    const stores = [...secretStores({ ADMIN_API_KEY: 'of the environment' }), vault];
    expect(readSecrets(stores).values).toEqual({ ADMIN_API_KEY: 'of the environment', METRICS_TOKEN: 'kept' });
  });

  it('that cannot be read is told of once, beside everything else that is wrong', () => {
    const environment = { DATABASE_URL_FILE: path.join(dir, 'none'), REDIS_URL: 'http://wrong', PORT: 'wrong' };
    expect(() => loadConfig(environment)).toThrow(
      /^Configuration is not usable: DATABASE_URL_FILE: \S+ cannot be read \(ENOENT\); REDIS_URL: [^;]+; PORT: [^;]+$/,
    );
  });

  it('without one is no problem of its own: the schema says what is missing', () => {
    expect(() => loadConfig({ REDIS_URL })).toThrow(/^Configuration is not usable: DATABASE_URL: [^;]+$/);
  });
});
