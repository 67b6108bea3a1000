import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { canEnter, serverUser } from './local-servers/server-user.mjs';

/** @type {Set<string>} */
const made = new Set();

/**
 * A new temporary directory, removed when the script ends. PostgreSQL can work in it even when we are root and it is not, and
 * even when TMPDIR points below somebody's private directory.
 *
 * @param {string} label
 */
export function makeTempDir(label) {
  for (const parent of [tmpdir(), '/tmp', '/var/tmp']) {
    const dir = mkdtempSync(path.join(parent, `tranche-${label}-`));
    chmodSync(dir, 0o711);
    if (canEnter(serverUser(dir), dir) || parent === '/var/tmp') {
      made.add(dir);
      return dir;
    }
    rmSync(dir, { recursive: true });
  }
  throw new Error('unreachable: the last place is always taken');
}

/**
 * Not removed after all: somebody will want to read what is in it.
 *
 * @param {string} dir
 */
export function keepTempDir(dir) {
  made.delete(dir);
}

export function removeTempDirs() {
  for (const dir of made) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
  made.clear();
}
