import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { freePort } from '../../scripts/local-servers/ports.mjs';
import { PROJECT_DIR } from '../../scripts/local-servers/places.mjs';
import { ScriptError } from '../../scripts/script-error.mjs';
import { SupervisedProcess } from '../../scripts/supervised-process.mjs';
import { makeTempDir } from '../../scripts/temp-dir.mjs';

const CALL_TIMEOUT_MS = 60_000;

/** @typedef {{url: string, stop: () => Promise<void>}} Bank */

/**
 * The bank simulator, as `npm run bank` starts it, on a journal of its own.
 *
 * @returns {Promise<Bank>}
 */
export async function startBank() {
  const port = await freePort();
  const journal = path.join(makeTempDir('bank'), 'bank.jsonl');
  /** @type {(isReady: boolean) => void} */
  let say = () => {};
  const ready = new Promise((resolve) => (say = resolve));
  const bank = new SupervisedProcess({
    name: 'bank',
    command: process.execPath,
    args: [path.join(PROJECT_DIR, 'scripts/bank.mjs'), `--port=${port}`, `--journal=${journal}`],
    env: { PATH: process.env.PATH },
    onOutput: (text) => text.includes('"bank_ready"') && say(true),
  });
  void bank.ended.then(() => say(false));
  if (!(await ready)) throw new ScriptError(`The bank did not start: ${bank.output}`);
  return { url: `http://127.0.0.1:${port}`, stop: () => bank.stop() };
}

/**
 * What the product's own HTTP client reaches with nothing around it: no database, no queue, no gate. The bank is a program on the same
 * cores, and has its limits too.
 *
 * @param {Bank} bank
 * @param {object} load
 * @param {number} load.calls
 * @param {number} load.concurrency calls under way at a time
 * @param {number} load.latencyMs the bank waits before it answers
 * @returns {Promise<{callsPerSecond: number, cpuUsPerCall: number}>}
 */
export async function callBank({ url }, { calls, concurrency, latencyMs }) {
  const { BankClient } = await import(
    new URL('../../dist/modules/rails/adapters/bank-client.js', import.meta.url).href
  );
  const client = new BankClient({ url, token: undefined, timeoutMs: CALL_TIMEOUT_MS, concurrency });
  let next = 0;
  const run = randomUUID().slice(0, 8);
  const caller = async () => {
    while (next < calls) {
      const reference = `bare-${run}-${next}`;
      next += 1;
      const reply = await client.call(paymentRequest(reference, latencyMs));
      if (reply.kind !== 'answered' || reply.status !== 201) throw new Error(`the bank said ${JSON.stringify(reply)}`);
    }
  };
  const cpuBefore = process.cpuUsage();
  const startedAt = performance.now();
  await Promise.all(Array.from({ length: concurrency }, caller));
  const seconds = (performance.now() - startedAt) / 1_000;
  const { user, system } = process.cpuUsage(cpuBefore);
  client.close();
  return { callsPerSecond: calls / seconds, cpuUsPerCall: (user + system) / calls };
}

/**
 * The same call as the rail makes (bank-message.ts).
 *
 * @param {string} reference
 * @param {number} latencyMs
 */
function paymentRequest(reference, latencyMs) {
  return {
    method: 'POST',
    path: '/payments',
    idempotencyKey: reference,
    body: JSON.stringify({
      reference,
      amount: '0.01',
      currency: 'EUR',
      debtor: { iban: 'FR10474608000002006107XXXXX', bic: 'OIVUSCLQXXX' },
      creditor: { name: 'Employee number 1', iban: 'DE89370400440532013000', bic: 'DEUTDEFFXXX' },
      remittance: latencyMs > 0 ? `bank:slow:${latencyMs}` : 'Salary 1',
    }),
  };
}
