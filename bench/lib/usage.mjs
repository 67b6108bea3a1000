import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

// What Linux counts CPU time in, on every machine that Node runs on.
const TICKS_PER_SECOND = 100;
// Work goes on a little after the answer that says "completed": jobs are removed, statistics sent.
const AFTERMATH_MS = 200;
const MONITOR_SETTLE_MS = 200;

/**
 * @typedef {object} Usage
 * @property {number} nodeUs CPU of the API and the workers
 * @property {number} postgresUs
 * @property {number} redisUs
 * @property {number} walBytes
 * @property {number} redisCommands those that scripts call included
 */

/**
 * What a piece of work took from the product and its servers, all of it together.
 *
 * @template T
 * @param {import('./lab.mjs').Lab} lab
 * @param {() => Promise<T>} work
 * @param {() => number[]} [nodePids] the API and the workers unless told otherwise
 * @returns {Promise<{result: T, usage: Usage}>}
 */
export async function measureUsage(lab, work, nodePids = () => [lab.apiPid, ...lab.workerPids()]) {
  const before = await usageNow(lab, nodePids());
  const result = await work();
  await delay(AFTERMATH_MS);
  const after = await usageNow(lab, nodePids());
  return { result, usage: per(1, before, after) };
}

/**
 * @param {Usage} usage
 * @param {number} transfers
 * @returns {Usage}
 */
export function usagePerTransfer(usage, transfers) {
  return per(transfers, { nodeUs: 0, postgresUs: 0, redisUs: 0, walBytes: 0, redisCommands: 0 }, usage);
}

/**
 * The most memory that a process has held since it started.
 *
 * @param {number} pid
 * @returns {number} in megabytes (a million bytes)
 */
export function memoryHighWater(pid) {
  const kibibytes = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return (Number(kibibytes) * 1_024) / 1_000_000;
}

/**
 * CPU time of processes and all they started, in microseconds. Children that have ended count with those that waited for them.
 *
 * @param {number[]} roots
 */
export function cpuOfTrees(roots) {
  const processes = readProcesses();
  const wanted = new Set(roots);
  // A child may come before its parent: until nothing is found any more.
  for (let found = -1; found !== wanted.size;) {
    found = wanted.size;
    for (const { pid, parent } of processes) if (wanted.has(parent)) wanted.add(pid);
  }
  const ticks = processes.filter(({ pid }) => wanted.has(pid)).reduce((sum, one) => sum + one.ticks, 0);
  return (ticks / TICKS_PER_SECOND) * 1_000_000;
}

/**
 * Counts the commands that clients sent while `work` ran. MONITOR tells them from those that scripts call, which INFO does not; it
 * slows everything down, so that nothing else is to be measured meanwhile.
 *
 * @param {import('./lab.mjs').Lab} lab
 * @param {() => Promise<unknown>} work
 * @returns {Promise<{sent: number, byName: Map<string, number>}>}
 */
export async function countSentCommands({ redis }, work) {
  const monitor = await redis.client.monitor();
  /** @type {Map<string, number>} */
  const byName = new Map();
  monitor.on('monitor', (_time, [name = ''], source) => {
    if (source === 'lua') return;
    const known = name.toLowerCase();
    byName.set(known, (byName.get(known) ?? 0) + 1);
  });
  try {
    await work();
    await delay(MONITOR_SETTLE_MS);
  } finally {
    monitor.disconnect();
  }
  return { sent: [...byName.values()].reduce((sum, count) => sum + count, 0), byName };
}

/**
 * @param {import('./lab.mjs').Lab} lab
 * @param {number[]} nodePids
 * @returns {Promise<Usage>}
 */
async function usageNow({ database, postgres, redis }, nodePids) {
  const [wal, stats] = await Promise.all([
    database.query(`SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS bytes`),
    redis.client.info('commandstats'),
  ]);
  const calls = [...stats.matchAll(/^cmdstat_[^:]+:calls=(\d+)/gm)].map(([, count]) => Number(count));
  return {
    nodeUs: cpuOfTrees(nodePids),
    postgresUs: cpuOfTrees([postgres.pid]),
    redisUs: cpuOfTrees([redis.pid]),
    walBytes: Number(wal.rows[0]?.bytes),
    redisCommands: calls.reduce((sum, count) => sum + count, 0),
  };
}

/**
 * @param {number} divisor
 * @param {Usage} before
 * @param {Usage} after
 * @returns {Usage}
 */
function per(divisor, before, after) {
  return {
    nodeUs: (after.nodeUs - before.nodeUs) / divisor,
    postgresUs: (after.postgresUs - before.postgresUs) / divisor,
    redisUs: (after.redisUs - before.redisUs) / divisor,
    walBytes: (after.walBytes - before.walBytes) / divisor,
    redisCommands: (after.redisCommands - before.redisCommands) / divisor,
  };
}

/** @returns {{pid: number, parent: number, ticks: number}[]} */
function readProcesses() {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const stat = readStat(name);
      // The name of the program stands in parentheses and may hold anything, spaces too.
      const fields = stat
        .slice(stat.lastIndexOf(')') + 2)
        .split(' ')
        .map(Number);
      if (fields.length < 15) return [];
      const ticks = fields.slice(11, 15).reduce((sum, count) => sum + count, 0);
      return [{ pid: Number(name), parent: fields[1] ?? 0, ticks }];
    });
}

/** @param {string} pid */
function readStat(pid) {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return ''; // it ended since it was listed
  }
}
