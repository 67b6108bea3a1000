import { randomBytes } from 'node:crypto';
import pg from 'pg';

const LOGIN = 'tranche_app';

/**
 * A login for API and worker on a server of our own: it may act as the roles of the product, and owns nothing. Its password is another
 * one each time.
 *
 * @param {string} ownerUrl the migrated database, as its owner sees it
 * @returns {Promise<string>} the same database, as the login sees it
 */
export async function createApplicationLogin(ownerUrl) {
  const password = randomBytes(24).toString('hex');
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_roles WHERE rolname = $1', [LOGIN]);
    if (rowCount === 0) await client.query(`CREATE ROLE ${LOGIN} LOGIN NOINHERIT`);
    await client.query(`ALTER ROLE ${LOGIN} PASSWORD '${password}'`);
    await client.query(`GRANT tranche_organization, tranche_discovery, tranche_platform TO ${LOGIN}`);
  } finally {
    await client.end();
  }
  const url = new URL(ownerUrl);
  url.username = LOGIN;
  url.password = password;
  return url.href;
}
