import { spawnSync } from 'node:child_process';
import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { PROJECT_DIR } from '../../scripts/local-servers/places.mjs';

/**
 * @typedef {object} Machine
 * @property {string} date
 * @property {string} commit
 * @property {string} cpu
 * @property {number} cores
 * @property {number} memoryGib
 * @property {string} system
 * @property {string} node
 * @property {number} load what others ran on it: the load average before we began
 * @property {string} [postgres]
 * @property {string} [redis]
 */

/** @returns {Machine} */
export function thisMachine() {
  const [first, ...others] = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    commit: commitOfTree(),
    cpu: first?.model ?? 'an unknown CPU',
    cores: others.length + 1,
    memoryGib: Math.round(totalmem() / 2 ** 30),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    load: Math.round((loadavg()[0] ?? 0) * 10) / 10,
  };
}

/** @param {Machine} machine */
export function describeMachine({ date, commit, cpu, cores, memoryGib, system, node, load, postgres, redis }) {
  const servers = postgres && redis ? `, PostgreSQL ${postgres}, Redis ${redis}` : '';
  return (
    `${date}, commit ${commit}, on ${cores} cores of ${cpu}, ${memoryGib} GiB, ${system}, Node ${node}${servers}; ` +
    `load average ${load} at the start of the run.`
  );
}

/** What was measured may not be what is committed: it then says so. */
function commitOfTree() {
  const git = (/** @type {string[]} */ ...args) =>
    spawnSync('git', args, { cwd: PROJECT_DIR, encoding: 'utf8' }).stdout?.trim();
  const head = git('rev-parse', '--short', 'HEAD');
  if (!head) return 'unknown';
  return git('status', '--porcelain', '--', 'src', 'migrations', 'package-lock.json') ? `${head} with changes` : head;
}
