// npm run bench [-- --only=end-to-end,reads --rounds=3 --quick --out=dir --profile=dir]
import path from 'node:path';
import { isEnding, runScript } from '../scripts/run-script.mjs';
import { oneLine, ScriptError } from '../scripts/script-error.mjs';
import { startLab } from './lib/lab.mjs';
import { thisMachine } from './lib/machine.mjs';
import { readOptions } from './lib/options.mjs';
import { Report, writeResults } from './lib/report.mjs';

/** In the order of the report. */
const MEASURES = ['end-to-end', 'growth', 'tenants', 'reads', 'rails'];

/**
 * @typedef {object} Measure
 * @property {string} name
 * @property {string} title
 * @property {(context: MeasureContext) => Promise<void>} measure
 */
/**
 * @typedef {object} MeasureContext
 * @property {import('./lib/options.mjs').Options} options
 * @property {typeof startLab} startLab a lab that is closed at the end of the measure, should the measure not do it
 * @property {Report} report
 */

runScript(async () => {
  const options = readOptions(process.argv.slice(2));
  const unknown = options.only.filter((name) => !MEASURES.includes(name));
  if (unknown.length > 0)
    throw new ScriptError(`No measure is called ${unknown.join(', ')}: ${MEASURES.join(', ')} are`);
  // One for the whole run: later ones would count what we did ourselves.
  const machine = thisMachine();
  if (machine.load > machine.cores / 2) {
    console.error(`The machine is busy (load average ${machine.load}): the numbers will say little about the product.`);
  }
  let failures = 0;
  for (const name of MEASURES.filter((known) => options.only.length === 0 || options.only.includes(known))) {
    try {
      await runMeasure(name, { options, machine });
    } catch (error) {
      if (isEnding()) throw error;
      // An hour of the others' results is not given up for one that broke.
      failures += 1;
      console.error(`${name} failed: ${process.env.DEBUG && error instanceof Error ? error.stack : oneLine(error)}`);
    }
  }
  console.log(`\nResults: ${path.relative(process.cwd(), await writeResults(options.out, MEASURES))}`);
  return failures > 0 ? 1 : 0;
});

/**
 * @param {string} name
 * @param {{options: import('./lib/options.mjs').Options, machine: import('./lib/machine.mjs').Machine}} context
 */
async function runMeasure(name, { options, machine }) {
  /** @type {Measure} */
  const { measure, title } = await import(`./measures/${name}.mjs`);
  console.log(`\n=== ${title}`);
  const startedAt = performance.now();
  const report = new Report({ name, title }, { machine });
  /** @type {Set<import('./lib/lab.mjs').Lab>} */
  const open = new Set();
  try {
    await measure({
      options,
      report,
      startLab: async (settings) => {
        const lab = await startLab({ ...settings, env: { ...profiling(options), ...settings?.env } });
        report.ranOn({ postgres: lab.postgres.version, redis: lab.redis.version });
        open.add(lab);
        const close = async () => {
          if (open.delete(lab)) await lab.close();
        };
        return { ...lab, close };
      },
    });
  } finally {
    for (const lab of open) await lab.close();
  }
  await report.save(options.out);
  console.log(`\n${name} took ${Math.round((performance.now() - startedAt) / 1_000)} s`);
}

/**
 * A profile of every API and worker, written when it ends.
 *
 * @param {import('./lib/options.mjs').Options} options
 * @returns {NodeJS.ProcessEnv}
 */
function profiling({ profile }) {
  if (profile === undefined) return {};
  return { BENCH_PROFILE_DIR: profile, NODE_OPTIONS: `--import=${import.meta.resolve('./lib/profiler.mjs')}` };
}
