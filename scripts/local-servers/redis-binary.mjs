import { spawnSync } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import path from 'node:path';
import { ScriptError } from '../script-error.mjs';
import { privateCacheDir } from './places.mjs';

const PROGRAMS = ['redis-server', 'valkey-server'];
const HOMEBREW_DIRS = ['/opt/homebrew/bin', '/usr/local/bin', '/home/linuxbrew/.linuxbrew/bin'];
const HOW_TO_GET_ONE =
  'Install it (apt-get install redis-server, or brew install redis), or set REDIS_SERVER_BIN to a redis-server, or REDIS_URL to a running one.';

/** @typedef {{command: string, env: NodeJS.ProcessEnv}} RedisBinary */

/** @returns {RedisBinary} */
export function findRedis() {
  const named = process.env.REDIS_SERVER_BIN;
  if (named) {
    if (runs({ command: named, env: process.env })) return { command: named, env: process.env };
    throw new ScriptError(`REDIS_SERVER_BIN names ${named}, which does not run.`);
  }
  const found = onPath() ?? unpacked() ?? unpackDistributionPackage();
  if (!found) throw new ScriptError(`Redis was not found. ${HOW_TO_GET_ONE}`);
  return found;
}

/** @returns {RedisBinary | undefined} */
function onPath() {
  for (const dir of [...(process.env.PATH ?? '').split(path.delimiter), ...HOMEBREW_DIRS]) {
    for (const program of PROGRAMS) {
      const command = path.join(dir, program);
      if (dir && isProgram(command)) return { command, env: process.env };
    }
  }
}

/** @param {string} file */
function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** @param {RedisBinary} binary */
function runs({ command, env }) {
  return spawnSync(command, ['--version'], { env }).status === 0;
}

/** Named after the system, because a checkout may be mounted into a container of another one. */
function unpackedDir() {
  const release = readFileSync('/etc/os-release', 'utf8');
  const [id, version] = ['ID', 'VERSION_ID'].map((name) => new RegExp(`^${name}="?([\\w.-]+)`, 'm').exec(release)?.[1]);
  return path.join(privateCacheDir(), `redis-${id}-${version}-${process.arch}`);
}

/** @returns {RedisBinary | undefined} */
function unpacked() {
  if (!existsSync('/etc/os-release')) return undefined;
  const root = unpackedDir();
  for (const program of PROGRAMS) {
    const command = path.join(root, 'usr/bin', program);
    if (!existsSync(command)) continue;
    const libraries = ['usr/lib', 'lib'].flatMap((lib) => foldersIn(path.join(root, lib)));
    const binary = { command, env: { ...process.env, LD_LIBRARY_PATH: libraries.join(':') } };
    if (runs(binary)) return binary;
  }
}

/** @param {string} dir */
function foldersIn(dir) {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => path.join(dir, entry.name));
}

/**
 * Debian and Ubuntu: asks apt for the package and what it needs beyond what is installed, and unpacks that. Nothing is installed,
 * so this needs no root. Made aside and moved, so that parallel runs never see half of it.
 *
 * @returns {RedisBinary | undefined}
 */
function unpackDistributionPackage() {
  if (process.platform !== 'linux' || spawnSync('apt-get', ['--version']).status !== 0) return undefined;
  console.error('No redis-server on the PATH: unpacking the distribution package (once, nothing is installed)...');
  const target = unpackedDir();
  const unfinished = mkdtempSync(path.join(path.dirname(target), 'unfinished-'));
  try {
    const root = path.join(unfinished, 'root');
    for (const file of download(path.join(unfinished, 'apt'))) spawnSync('dpkg', ['-x', file, root]);
    if (!existsSync(root)) return undefined;
    moveIntoPlace(root, target);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return unpacked();
}

/**
 * @param {string} dir apt's own lists and archives go here, and not to the system's
 * @returns {string[]} package files
 */
function download(dir) {
  for (const name of ['lists/partial', 'cache/archives/partial']) mkdirSync(path.join(dir, name), { recursive: true });
  const options = [
    `Dir::State::lists=${dir}/lists`,
    `Dir::Cache=${dir}/cache`,
    `Dir::Cache::archives=${dir}/cache/archives`,
  ];
  // Neither the system's lock nor apt's own user is of use in a directory of ours.
  options.push('Debug::NoLocking=1', 'APT::Sandbox::User=', 'APT::Keep-Downloaded-Packages=true');
  const apt = (/** @type {string[]} */ ...args) =>
    spawnSync('apt-get', [...options.flatMap((option) => ['-o', option]), '-qq', ...args], {
      env: { ...process.env, TMPDIR: dir },
      stdio: 'ignore',
    }).status === 0;
  apt('update'); // may complain about one repository of several; what counts is whether the package can be had
  PROGRAMS.some((name) => apt('install', '--download-only', '--no-install-recommends', '-y', name));
  const archives = path.join(dir, 'cache/archives');
  return readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => path.join(archives, name));
}

/**
 * @param {string} root
 * @param {string} target
 */
function moveIntoPlace(root, target) {
  try {
    renameSync(root, target);
  } catch {
    if (unpacked()) return; // a parallel run was faster, and may be running it already
    rmSync(target, { recursive: true, force: true });
    renameSync(root, target);
  }
}
