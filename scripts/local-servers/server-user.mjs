import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';

/** @typedef {{uid?: number, gid?: number}} User empty: whoever we are */

export const weAreRoot = process.getuid?.() === 0;

/**
 * Who PostgreSQL runs as. It refuses to be root, so root hands it to the owner of the data if there are some already, and else
 * to `nobody`. Anybody else runs it as themselves.
 *
 * @param {string} dataDir
 * @returns {User}
 */
export function serverUser(dataDir) {
  if (!weAreRoot) return {};
  if (existsSync(dataDir)) {
    const { uid, gid } = statSync(dataDir);
    if (uid !== 0) return { uid, gid };
  }
  const [, , uid, gid] = /** @type {string[]} */ (
    readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .map((line) => line.split(':'))
      .find(([name]) => name === 'nobody') ?? ['nobody', 'x', '65534', '65534']
  );
  return { uid: Number(uid), gid: Number(gid) };
}

/**
 * Whether that user can get to the directory: not when the checkout sits below root's own 0700 home, for example.
 *
 * @param {User} user
 * @param {string} dir
 */
export function canEnter(user, dir) {
  return spawnSync('/bin/sh', ['-c', 'cd "$1"', 'sh', dir], { ...user, cwd: '/' }).status === 0;
}
