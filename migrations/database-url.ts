import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * DATABASE_URL, from wherever src/config/secrets.ts would take it. Migrations are built apart and import nothing of the product, so it is
 * said again here; test/house/secrets.spec.ts holds both against the same cases.
 *
 * @throws Error of one line, without what a file contains
 */
export function databaseUrl(environment: NodeJS.ProcessEnv): string | undefined {
  const { DATABASE_URL: url, DATABASE_URL_FILE: named, SECRETS_DIR: dir } = environment;
  if (named && url) throw new Error('DATABASE_URL_FILE: is set, and so is DATABASE_URL');
  if (named) return contentOf(named, 'DATABASE_URL_FILE');
  if (url || !dir) return url || undefined;
  const file = path.join(dir, 'DATABASE_URL');
  return existsSync(file) ? contentOf(file, 'SECRETS_DIR') : undefined;
}

function contentOf(file: string, variable: string): string {
  let content: string;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Error(`${variable}: ${file} cannot be read (${code ?? 'unknown'})`, { cause: error });
  }
  const url = content.replace(/\r?\n$/, '');
  if (url === '') throw new Error(`${variable}: ${file} is empty`);
  return url;
}
