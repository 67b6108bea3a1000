import { randomInt } from 'node:crypto';
import { wallClock } from '../lib/bulk-timing.mjs';
import { CompletionWatch } from '../lib/completion-watch.mjs';
import { bulkBody } from '../lib/organizations.mjs';
import { formatNumber, median, percentile } from '../lib/stats.mjs';

export const name = 'tenants';
export const title = 'Many tenants: small bulks beside a large one';

const SMALLEST = 1;
const LARGEST = 50;
const MAX_ROUNDS = 5;
/** Organizations are made so many at a time. */
const MAKING = 8;

/** @typedef {import('../lib/organizations.mjs').Organization} Organization */
/** @typedef {import('../lib/lab.mjs').Lab} Lab */
/** @typedef {{acceptMs: number, completedMs: number}} SmallBulk */
/** @typedef {{tenants: readonly Organization[], watch: CompletionWatch, lab: Lab, largeLines: number, idleBulks: number}} Scene */

/** @param {import('../run.mjs').MeasureContext} context */
export async function measure({ options, report, startLab }) {
  const lab = await startLab({ workers: 1 });
  const tenants = await makeTenants(lab, options.size(200, 20));
  const watch = await CompletionWatch.open(lab.postgres.url);
  const scene = { lab, tenants, watch, largeLines: options.size(100_000, 5_000), idleBulks: options.size(100, 20) };
  await allAtOnce(scene);
  await besideLargeBulk(scene, () => Promise.resolve([]));

  /** @type {Record<'idle' | 'crowd' | 'beside' | 'crowdBeside', SmallBulk[]>} */
  const seen = { idle: [], crowd: [], beside: [], crowdBeside: [] };
  const rounds = Math.min(options.rounds, MAX_ROUNDS);
  for (let round = 0; round < rounds; round += 1) {
    seen.idle.push(...(await oneByOne(scene, (done) => done < scene.idleBulks)));
    seen.crowd.push(...(await allAtOnce(scene)));
    seen.beside.push(...(await besideLargeBulk(scene, (isRunning) => oneByOne(scene, isRunning))));
    seen.crowdBeside.push(...(await besideLargeBulk(scene, () => allAtOnce(scene))));
  }
  await watch.close();
  reportSeen(report, scene, seen, rounds);
}

/**
 * @param {import('../lib/report.mjs').Report} report
 * @param {Scene} scene
 * @param {Record<'idle' | 'crowd' | 'beside' | 'crowdBeside', SmallBulk[]>} seen
 * @param {number} rounds
 */
function reportSeen(report, { tenants, largeLines }, seen, rounds) {
  const large = `a bulk of ${formatNumber(largeLines)} lines`;
  const all = `${tenants.length} organizations at once`;
  const inOrder = /** @type {const} */ ([
    ['one at a time, nothing else', seen.idle],
    [`${all}, nothing else`, seen.crowd],
    [`one at a time, while ${large} runs`, seen.beside],
    [`${all}, while ${large} runs`, seen.crowdBeside],
  ]);
  const percentiles = (/** @type {readonly number[]} */ values) =>
    [50, 95, 99].map((percent) => percentile(values, percent));
  report.table({
    title: `Bulks of ${SMALLEST} to ${LARGEST} lines, one organization each, in ms from the POST`,
    note: 'Completed: as the database shows it, looked at every 5 ms. Callers and what they call share the cores.',
    rounds,
    columns: ['Small bulks', 'accepted p50', 'p95', 'p99', 'completed p50', 'p95', 'p99', 'Bulks'],
    rows: inOrder.map(([what, bulks]) => [
      what,
      ...percentiles(bulks.map(({ acceptMs }) => acceptMs)),
      ...percentiles(bulks.map(({ completedMs }) => completedMs)),
      bulks.length,
    ]),
  });
  const times = (/** @type {readonly SmallBulk[]} */ bulks) => bulks.map(({ completedMs }) => completedMs);
  report.target({
    what: `completion of a small bulk while ${large} runs, p95, to its median alone`,
    atMost: 10,
    measured: percentile(times(seen.beside), 95) / median(times(seen.idle)),
    unit: 'x',
  });
  report.target({
    what: `completion of small bulks of ${all} while ${large} runs, p95, to that of as many alone`,
    atMost: 10,
    measured: percentile(times(seen.crowdBeside), 95) / percentile(times(seen.crowd), 95),
    unit: 'x',
  });
}

/**
 * @param {Lab} lab
 * @param {number} count
 */
async function makeTenants(lab, count) {
  /** @type {Organization[]} */
  const tenants = [];
  while (tenants.length < count) {
    const next = Array.from({ length: Math.min(MAKING, count - tenants.length) }, (_, index) => tenants.length + index);
    tenants.push(...(await Promise.all(next.map((number) => lab.addOrganization(`Tenant ${number}`)))));
  }
  return tenants;
}

/**
 * @param {Scene} scene
 * @param {Organization} tenant
 * @param {Buffer} body
 * @returns {Promise<SmallBulk>}
 */
async function paySmall({ watch }, tenant, body) {
  const startedAt = wallClock();
  const { id } = await tenant.api.post('/bulk-requests', body);
  const acceptedAt = wallClock();
  const completedAt = await watch.completed(id);
  return { acceptMs: acceptedAt - startedAt, completedMs: completedAt - startedAt };
}

/** @param {Organization} tenant */
function smallBody(tenant) {
  return bulkBody(tenant, randomInt(SMALLEST, LARGEST + 1));
}

/**
 * @param {Scene} scene
 * @param {(done: number) => boolean} goesOn
 */
async function oneByOne(scene, goesOn) {
  const bulks = [];
  while (goesOn(bulks.length)) {
    const tenant = scene.tenants[randomInt(scene.tenants.length)];
    if (tenant) bulks.push(await paySmall(scene, tenant, smallBody(tenant)));
  }
  return bulks;
}

/** @param {Scene} scene */
async function allAtOnce(scene) {
  const ready = scene.tenants.map((tenant) => /** @type {const} */ ([tenant, smallBody(tenant)]));
  return Promise.all(ready.map(([tenant, body]) => paySmall(scene, tenant, body)));
}

/**
 * Small bulks are posted from when the large one was accepted; one by one, until it has ended.
 *
 * @param {Scene} scene
 * @param {(isRunning: () => boolean) => Promise<SmallBulk[]>} paySmallOnes
 */
async function besideLargeBulk({ lab, watch, largeLines }, paySmallOnes) {
  const { id } = await lab.api.post('/bulk-requests', bulkBody(lab.organization, largeLines));
  let isRunning = true;
  const ended = watch.completed(id).then(() => (isRunning = false));
  const bulks = await paySmallOnes(() => isRunning);
  await ended;
  return bulks;
}
