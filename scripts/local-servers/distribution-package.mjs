import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { privateCacheDir } from './places.mjs';

const PROGRAM_DIRS = ['usr/bin', 'usr/sbin'];

/** @typedef {{command: string, env: NodeJS.ProcessEnv}} Program */

/**
 * A server that npm cannot install, wherever this machine has it.
 *
 * @typedef {object} Wanted
 * @property {string} label names the directory it is unpacked to
 * @property {string[]} programs any of these; packages have the same names
 * @property {string[]} [dirs] where it may be beside the PATH
 */

/**
 * From the PATH, else unpacked from the distribution's package, which happens once.
 *
 * @param {Wanted} wanted
 * @returns {Program | undefined}
 */
export function findProgram(wanted) {
  return onPath(wanted) ?? unpacked(wanted) ?? unpackDistributionPackage(wanted);
}

/** @param {Program} program */
export function runs({ command, env }) {
  return spawnSync(command, ['--version'], { env }).status === 0;
}

/**
 * @param {Wanted} wanted
 * @returns {Program | undefined}
 */
function onPath({ programs, dirs = [] }) {
  for (const dir of [...(process.env.PATH ?? '').split(path.delimiter), ...dirs]) {
    for (const program of programs) {
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

/**
 * Named after the system, because a checkout may be mounted into a container of another one.
 *
 * @param {string} label
 */
function unpackedDir(label) {
  const release = readFileSync('/etc/os-release', 'utf8');
  const [id, version] = ['ID', 'VERSION_ID'].map((name) => new RegExp(`^${name}="?([\\w.-]+)`, 'm').exec(release)?.[1]);
  return path.join(privateCacheDir(), `${label}-${id}-${version}-${process.arch}`);
}

/**
 * @param {Wanted} wanted
 * @returns {Program | undefined}
 */
function unpacked({ label, programs }) {
  if (!existsSync('/etc/os-release')) return undefined;
  const root = unpackedDir(label);
  const libraries = ['usr/lib', 'lib'].flatMap((lib) => foldersIn(path.join(root, lib)));
  const env = { ...process.env, LD_LIBRARY_PATH: libraries.join(':') };
  return PROGRAM_DIRS.flatMap((dir) => programs.map((program) => path.join(root, dir, program)))
    .filter((command) => existsSync(command))
    .map((command) => ({ command, env }))
    .find(runs);
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
 * @param {Wanted} wanted
 * @returns {Program | undefined}
 */
function unpackDistributionPackage(wanted) {
  if (process.platform !== 'linux' || spawnSync('apt-get', ['--version']).status !== 0) return undefined;
  console.error(
    `No ${wanted.programs[0]} on the PATH: unpacking the distribution package (once, nothing is installed)...`,
  );
  const target = unpackedDir(wanted.label);
  const unfinished = mkdtempSync(path.join(path.dirname(target), 'unfinished-'));
  try {
    const root = path.join(unfinished, 'root');
    for (const file of download(path.join(unfinished, 'apt'), wanted.programs)) spawnSync('dpkg', ['-x', file, root]);
    if (!existsSync(root)) return undefined;
    moveIntoPlace(root, target, wanted);
  } finally {
    rmSync(unfinished, { recursive: true, force: true });
  }
  return unpacked(wanted);
}

/**
 * @param {string} dir apt's own lists and archives go here, and not to the system's
 * @param {string[]} packages the first that can be had
 * @returns {string[]} package files
 */
function download(dir, packages) {
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
  packages.some((name) => apt('install', '--download-only', '--no-install-recommends', '-y', name));
  const archives = path.join(dir, 'cache/archives');
  return readdirSync(archives)
    .filter((name) => name.endsWith('.deb'))
    .map((name) => path.join(archives, name));
}

/**
 * @param {string} root
 * @param {string} target
 * @param {Wanted} wanted
 */
function moveIntoPlace(root, target, wanted) {
  try {
    renameSync(root, target);
  } catch {
    if (unpacked(wanted)) return; // a parallel run was faster, and may be running it already
    rmSync(target, { recursive: true, force: true });
    renameSync(root, target);
  }
}
