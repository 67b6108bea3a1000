import { accessSync, chmodSync, constants, lstatSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ScriptError } from '../script-error.mjs';

export const PROJECT_DIR = path.resolve(import.meta.dirname, '../..');

/**
 * For what root must share with the user that PostgreSQL runs as when the checkout is out of that user's reach. Only root can write
 * there, so nobody can put a program or data in the way, as they could below /var/tmp.
 */
const ROOT_STATE_DIR = '/var/lib/tranche-local';

/**
 * A directory below it, open to that user whatever our umask is.
 *
 * @param {string} [name] itself when left out
 */
export function makeRootStateDir(name = '') {
  const dir = path.join(ROOT_STATE_DIR, name);
  for (const made of [ROOT_STATE_DIR, dir]) {
    mkdirSync(made, { recursive: true });
    chmodSync(made, 0o755);
  }
  return dir;
}

/** `.cache/` of the project, or, where that cannot be written, a directory of our own below the temporary ones. */
export function privateCacheDir() {
  const dir = path.join(PROJECT_DIR, '.cache');
  try {
    mkdirSync(dir, { recursive: true });
    accessSync(dir, constants.W_OK | constants.X_OK);
    return dir;
  } catch {
    return ownTempCacheDir();
  }
}

/** Its name can be guessed and anybody may write there: what is not ours alone is refused, for programs are run from it. */
function ownTempCacheDir() {
  const ourUid = process.getuid?.() ?? 0;
  const dir = path.join(tmpdir(), `tranche-cache-${ourUid}`);
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const { uid } = lstatSync(dir);
  if (uid !== ourUid || !lstatSync(dir).isDirectory())
    throw new ScriptError(`${dir} belongs to somebody else: remove it.`);
  chmodSync(dir, 0o700);
  return dir;
}
