import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ScriptError } from './script-error.mjs';

/**
 * A secret, from wherever src/config/secrets.ts would take it. Scripts also run where nothing is built, so it is said again here;
 * test/house/secrets.spec.ts holds both against the same cases.
 *
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [environment]
 * @returns {string | undefined}
 */
export function secretOf(name, environment = process.env) {
  const value = environment[name];
  const named = environment[`${name}_FILE`];
  const dir = environment.SECRETS_DIR;
  if (named && value) throw new ScriptError(`${name}_FILE: is set, and so is ${name}`);
  if (named) return contentOf(named, `${name}_FILE`);
  if (value || !dir) return value || undefined;
  const file = path.join(dir, name);
  return existsSync(file) ? contentOf(file, 'SECRETS_DIR') : undefined;
}

/**
 * @param {string} file
 * @param {string} variable
 */
function contentOf(file, variable) {
  let content;
  try {
    content = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    throw new ScriptError(`${variable}: ${file} cannot be read (${code ?? 'unknown'})`);
  }
  const secret = content.replace(/\r?\n$/, '');
  if (secret === '') throw new ScriptError(`${variable}: ${file} is empty`);
  return secret;
}

/**
 * Our environment for a process that is told these secrets, and not by a file as well.
 *
 * @param {Record<string, string>} secrets
 * @returns {NodeJS.ProcessEnv}
 */
export function environmentWith(secrets) {
  /** @type {NodeJS.ProcessEnv} */
  const environment = { ...process.env, ...secrets };
  for (const name of Object.keys(secrets)) delete environment[`${name}_FILE`];
  return environment;
}
