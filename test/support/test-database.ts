import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { testSetting } from './test-setting.js';

export interface TestDatabase {
  url: string;
  /** Ends every session on it and removes it. */
  drop(): Promise<void>;
}

/** A database of one's own, fully migrated and empty: a copy of the template that the run made once. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const prefix = testSetting('TEST_DATABASE_PREFIX');
  const name = `${prefix}_${randomBytes(8).toString('hex')}`;
  await onServer(`CREATE DATABASE ${name} TEMPLATE ${prefix}_template`);
  const url = new URL(testSetting('TEST_DATABASE_URL'));
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`) };
}

export interface OwnedDatabase {
  /** For migrations: the owner, who is no superuser. */
  ownerUrl: string;
  /** For the processes: may act as the roles of the product, and owns nothing. */
  applicationUrl: string;
  drop(): Promise<void>;
}

/** An empty database with the two logins of docs/tenant-isolation.md. */
export async function createOwnedDatabase(): Promise<OwnedDatabase> {
  const name = `${testSetting('TEST_DATABASE_PREFIX')}_${randomBytes(8).toString('hex')}`;
  const [owner, application] = [`${name}_owner`, `${name}_app`];
  const password = randomBytes(8).toString('hex');
  for (const login of [owner, application])
    await onServer(`CREATE ROLE ${login} LOGIN NOINHERIT PASSWORD '${password}'`);
  await onServer(`GRANT tranche_organization, tranche_discovery, tranche_platform TO ${application}`);
  await onServer(`CREATE DATABASE ${name} OWNER ${owner}`);
  const urlOf = (login: string): string => {
    const url = new URL(testSetting('TEST_DATABASE_URL'));
    Object.assign(url, { pathname: `/${name}`, username: login, password });
    return url.href;
  };
  const drop = async (): Promise<void> => {
    await onServer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    for (const login of [owner, application]) await onServer(`DROP ROLE ${login}`);
  };
  return { ownerUrl: urlOf(owner), applicationUrl: urlOf(application), drop };
}

async function onServer(statement: string): Promise<void> {
  const client = new Client({ connectionString: testSetting('TEST_DATABASE_URL') });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
