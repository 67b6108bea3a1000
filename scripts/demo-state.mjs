import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_DIR } from './local-servers/places.mjs';
import { processCommand } from './local-servers/process-command.mjs';
import { ScriptError } from './script-error.mjs';

/** What `npm start` keeps between starts. */
export const DATA_DIR = path.join(PROJECT_DIR, '.data');

const PID_FILE = path.join(DATA_DIR, 'start.pid');

/**
 * @typedef {object} DemoState
 * @property {string} [admin_api_key]
 * @property {string} [demo_api_key]
 * @property {string} [data_encryption_keys] without them the kept database could not be read
 * @property {string} [organization_id]
 * @property {string} [account_id]
 * @property {string} [database_url] of the servers of this start
 * @property {string} [redis_url]
 */

/** Reaches PostgreSQL's user too, which is not us when we are root. */
export function makeDataDir() {
  try {
    mkdirSync(DATA_DIR, { recursive: true });
    chmodSync(DATA_DIR, 0o711);
  } catch (error) {
    throw new ScriptError(
      `${DATA_DIR} cannot be used (${/** @type {NodeJS.ErrnoException} */ (error).code}): it must be ours`,
    );
  }
}

/** Two Redis on one directory would ruin its file, and unlike PostgreSQL it does not notice. */
export function claimDataDir() {
  const pid = Number.parseInt(readOptional(PID_FILE) ?? '', 10);
  if (pid !== process.pid && processCommand(pid)?.includes('start.mjs')) {
    throw new ScriptError(`npm start is already running (process ${pid}): stop it first`);
  }
  writeFileSync(PID_FILE, `${process.pid}\n`);
  process.once('exit', () => rmSync(PID_FILE, { force: true }));
}

/** @param {string} file */
export function readDemoState(file) {
  const text = readOptional(file);
  if (text === undefined) return {};
  try {
    return /** @type {DemoState} */ (JSON.parse(text));
  } catch {
    throw new ScriptError(`${file} is not JSON: remove it, and new keys are made`);
  }
}

/**
 * Holds keys, so it is for our eyes only; moved into place, so that the API never reads half of it.
 *
 * @param {string} file
 * @param {DemoState} state
 */
export function writeDemoState(file, state) {
  const unfinished = `${file}.unfinished`;
  rmSync(unfinished, { force: true });
  writeFileSync(unfinished, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(unfinished, file);
}

/** For DATA_ENCRYPTION_KEYS. */
export function newEncryptionKey() {
  return randomBytes(32).toString('base64');
}

export function newAdminKey() {
  return `trk_admin_${randomBytes(24).toString('hex')}`;
}

/** @param {string} file */
function readOptional(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = /** @type {NodeJS.ErrnoException} */ (error);
    if (code === 'ENOENT') return undefined;
    throw new ScriptError(`${file} cannot be read (${code})`);
  }
}
