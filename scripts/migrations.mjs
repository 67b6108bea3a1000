import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT_DIR } from './local-servers/places.mjs';
import { oneLine, ScriptError } from './script-error.mjs';
import { environmentWith } from './secret-variables.mjs';

/**
 * Brings a database up to date. Once per process: the built data source reads DATABASE_URL when it is loaded.
 *
 * @param {string} databaseUrl
 */
export async function migrate(databaseUrl) {
  const file = path.join(PROJECT_DIR, 'dist/migrations/data-source.js');
  if (!existsSync(file)) throw new ScriptError('dist/migrations is missing: run npm run build first');
  const dataSource = await loadFor(databaseUrl, file);
  try {
    await dataSource.initialize();
    await dataSource.runMigrations();
  } catch (error) {
    throw new ScriptError(`The migrations failed: ${oneLine(error)}`);
  } finally {
    if (dataSource.isInitialized) await dataSource.destroy();
  }
}

/**
 * @param {string} databaseUrl
 * @param {string} file
 * @returns {Promise<import('typeorm').DataSource>}
 */
async function loadFor(databaseUrl, file) {
  const ours = process.env;
  process.env = environmentWith({ DATABASE_URL: databaseUrl });
  try {
    return (await import(pathToFileURL(file).href)).default;
  } finally {
    process.env = ours;
  }
}
