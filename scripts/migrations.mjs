import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT_DIR } from './local-servers/places.mjs';
import { oneLine, ScriptError } from './script-error.mjs';

/**
 * Brings a database up to date. Once per process: the built data source reads DATABASE_URL when it is loaded.
 *
 * @param {string} databaseUrl
 */
export async function migrate(databaseUrl) {
  const file = path.join(PROJECT_DIR, 'dist/migrations/data-source.js');
  if (!existsSync(file)) throw new ScriptError('dist/migrations is missing: run npm run build first');
  const before = process.env.DATABASE_URL;
  process.env.DATABASE_URL = databaseUrl;
  /** @type {{default: import('typeorm').DataSource}} */
  const { default: dataSource } = await import(pathToFileURL(file).href);
  if (before === undefined) delete process.env.DATABASE_URL;
  else process.env.DATABASE_URL = before;
  try {
    await dataSource.initialize();
    await dataSource.runMigrations();
  } catch (error) {
    throw new ScriptError(`The migrations failed: ${oneLine(error)}`);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}
