import { randomUUID } from 'node:crypto';
import { ApiClient } from './api-client.mjs';
import { createApplicationLogin } from './application-login.mjs';
import { newAdminKey, newEncryptionKey } from './demo-state.mjs';
import { showCents, toCents } from './demo/amounts.mjs';
import { isToBeRejected, makePayroll } from './demo/payroll.mjs';
import { ProcessLogs } from './demo/process-logs.mjs';
import { watchProgress } from './demo/progress.mjs';
import { proveFromApi, proveFromDatabase } from './demo/proof.mjs';
import { showAmounts, showFailedLines, showProofs, showTimes } from './demo/report.mjs';
import { startServers } from './local-servers/index.mjs';
import { migrate } from './migrations.mjs';
import { startApi, startWorker } from './processes.mjs';
import { isEnding, runScript } from './run-script.mjs';
import { oneLine, ScriptError } from './script-error.mjs';
import { environmentWith } from './secret-variables.mjs';
import { DEMO_ACCOUNT, seedDemo } from './seed.mjs';
import { makeTempDir } from './temp-dir.mjs';

const TIME_LIMIT_MS = 120_000;

runScript(async () => {
  const logs = new ProcessLogs();
  try {
    const problems = await Promise.race([demonstrate(logs), timeLimit()]);
    if (problems.length === 0) return console.log('\nEverything adds up.');
    for (const problem of problems) console.error(`\nNot as it should be: ${problem}`);
  } catch (error) {
    if (isEnding()) return 1;
    console.error(`\nThe demo failed: ${oneLine(error)}`);
  }
  logs.keepAndShow();
  return 1;
});

/** @returns {Promise<never>} */
function timeLimit() {
  return new Promise((_, reject) => {
    setTimeout(() => reject(new ScriptError(`it took longer than ${TIME_LIMIT_MS / 1000} s`)), TIME_LIMIT_MS);
  });
}

/**
 * @param {ProcessLogs} logs
 * @returns {Promise<string[]>} what is off
 */
async function demonstrate(logs) {
  console.log('Starting PostgreSQL, Redis, the API and a worker...');
  const { api, accountId, databaseUrl, died } = await startEverything(logs);
  const before = await api.get(`/accounts/${accountId}`);
  const payroll = makePayroll();
  console.log(
    `ACME Corp has ${showCents(toCents(before.balance.available))} EUR and pays ${payroll.length} salaries:\n`,
  );

  const submittedAt = performance.now();
  const accepted = await submit(api, payroll);
  const acceptedAt = performance.now();
  await Promise.race([watchProgress(api, accepted.id), died]);
  const endedAt = performance.now();

  const bulk = await api.get(`/bulk-requests/${accepted.id}`);
  showAmounts(bulk);
  const failed = [];
  for await (const line of api.list(`/bulk-requests/${bulk.id}/transfers?status=failed`)) failed.push(line);
  showFailedLines(failed);
  const after = await api.get(`/accounts/${accountId}`);
  const proofs = [
    ...proveFromApi(before, after, toCents(bulk.amounts.settled)),
    ...(await proveFromDatabase(databaseUrl, bulk.id)),
  ];
  showProofs(proofs);
  showTimes({ acceptMs: acceptedAt - submittedAt, totalMs: endedAt - submittedAt, lines: payroll.length });
  return [...differences(payroll, bulk, failed), ...proofs.filter(({ holds }) => !holds).map(({ claim }) => claim)];
}

/** @param {ProcessLogs} logs */
async function startEverything(logs) {
  const { postgres, redis } = await startServers({ dir: makeTempDir('demo'), isTemporary: true });
  await migrate(postgres.url);
  const databaseUrl = postgres.isExternal ? postgres.url : await createApplicationLogin(postgres.url);
  const adminKey = newAdminKey();
  const env = {
    ...environmentWith({
      DATABASE_URL: databaseUrl,
      REDIS_URL: redis.url,
      ADMIN_API_KEY: adminKey,
      DATA_ENCRYPTION_KEYS: newEncryptionKey(),
    }),
    HOST: '127.0.0.1',
  };
  const started = await Promise.all([
    startApi({ env, output: logs.open('api'), removeDir: logs.dir }),
    startWorker({ env: { ...env, RETRY_BASE_MS: '200' }, output: logs.open('worker'), removeDir: logs.dir }),
  ]);
  const died = Promise.race(
    started.map(async ({ name, ended }) => Promise.reject(new ScriptError(`the ${name} ${await ended}`))),
  );
  died.catch(() => {}); // it matters only while the payroll is under way
  const { baseUrl } = started[0];
  const { accountId, demoApiKey } = await seedDemo({ baseUrl, adminKey });
  const api = new ApiClient({ baseUrl, apiKey: /** @type {string} */ (demoApiKey) });
  return { api, accountId, databaseUrl: postgres.url, died };
}

/**
 * @param {ApiClient} api
 * @param {import('./demo/payroll.mjs').PayrollLine[]} payroll
 */
function submit(api, payroll) {
  return api.post('/bulk-requests', {
    request_id: randomUUID(),
    organization_bic: DEMO_ACCOUNT.bic,
    organization_iban: DEMO_ACCOUNT.iban,
    credit_transfers: payroll,
  });
}

/**
 * The result against what this payroll must come to.
 *
 * @param {import('./demo/payroll.mjs').PayrollLine[]} payroll
 * @param {any} bulk
 * @param {any[]} failed
 * @returns {string[]}
 */
function differences(payroll, bulk, failed) {
  const rejected = payroll.flatMap((line, index) => (isToBeRejected(line) ? [{ ...line, index }] : []));
  const sum = (/** @type {{amount: string}[]} */ lines) =>
    lines.reduce((cents, line) => cents + toCents(line.amount), 0n);
  const failedCents = sum(rejected);
  /** @type {[string, unknown, unknown][]} */
  const expectations = [
    ['status', bulk.status, 'partially_completed'],
    ['settled lines', bulk.counts.settled, payroll.length - rejected.length],
    ['failed lines', bulk.counts.failed, rejected.length],
    ['settled amount', showCents(toCents(bulk.amounts.settled)), showCents(sum(payroll) - failedCents)],
    ['failed amount', showCents(toCents(bulk.amounts.failed)), showCents(failedCents)],
    [
      'reasons of the failed lines',
      failed.map(({ line, failure }) => `${line} ${failure?.code}`).join(', '),
      rejected.map(({ index, description }) => `${index} ${description.split(':')[2]}`).join(', '),
    ],
  ];
  return expectations
    .filter(([, found, expected]) => found !== expected)
    .map(([what, found, expected]) => `${what}: ${found} instead of ${expected}`);
}
