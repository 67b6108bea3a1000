import { execFile } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { startBank } from '../support/bank.js';
import { call, pay } from '../support/bank-client.js';
import { eventually } from '../support/eventually.js';
import { stopProcesses } from '../support/processes.js';

const SCRIPT = path.resolve(__dirname, '../../scripts/bank.mjs');
const NOT_DURING_THE_TEST_MS = 3_600_000;

describe('the bank simulator, started again on its journal', () => {
  afterEach(() => stopProcesses());

  it.each([{ fsync: false }, { fsync: true }])('knows everything after a kill -9 (%o)', async (options) => {
    const bank = await startBank({ ...options, acceptMs: NOT_DURING_THE_TEST_MS, returnMs: NOT_DURING_THE_TEST_MS });
    await pay(bank.url, 'paid');
    await pay(bank.url, 'paid');
    await pay(bank.url, 'conflict');
    await pay(bank.url, 'conflict', { amount: '1.00' });
    await pay(bank.url, 'rejected', { remittance: 'bank:reject:AC04' });
    await pay(bank.url, 'accepted', { remittance: 'bank:accept' });
    await pay(bank.url, 'coming-back', { remittance: 'bank:return' });
    await pay(bank.url, 'reversal', { reverses: 'paid' });
    await bank.inventStatementLine({ reference: 'invented', amount: '5.00', currency: 'EUR', status: 'settled' });
    await bank.faults({ seed: 7, not_accepted: { match: '^refused', count: 2, retry_after: 3 } });
    await expect(pay(bank.url, 'refused-1')).resolves.toMatchObject({ status: 503 });
    const statement = async () =>
      (await call(`${bank.url}/statements?from=2020-01-01&to=2100-01-01`)).body as { lines: { reference: string }[] };
    const before = { payments: await bank.payments(), summary: await bank.summary(), statement: await statement() };
    expect(before.payments).toHaveLength(7);
    expect(before.statement.lines.map(({ reference }) => reference).sort()).toEqual(
      ['coming-back', 'conflict', 'invented', 'paid', 'rejected', 'reversal'], // not what is only accepted
    );
    await bank.kill();
    await bank.restart();
    expect({ payments: await bank.payments(), summary: await bank.summary(), statement: await statement() }).toEqual(
      before,
    );
    await expect(pay(bank.url, 'paid')).resolves.toMatchObject({ status: 200 });
    // The plan is there, and so is how often it struck: once more, and no more.
    await expect(pay(bank.url, 'refused-2')).resolves.toMatchObject({ status: 503 });
    await expect(pay(bank.url, 'refused-3')).resolves.toMatchObject({ status: 201 });
  });

  it('does what was due when it was killed', async () => {
    const bank = await startBank({ acceptMs: 1_000, returnMs: 1_000 });
    await pay(bank.url, 'accepted', { remittance: 'bank:accept' });
    await pay(bank.url, 'accepted-in-vain', { remittance: 'bank:accept:AC04' });
    await pay(bank.url, 'coming-back', { remittance: 'bank:return' });
    await bank.kill();
    await bank.restart();
    await eventually(
      async () => {
        const { executed, rejected, returned } = await bank.summary();
        return executed === 2 && rejected === 1 && returned === 1;
      },
      { what: 'what was accepted to end, and the other to come back' },
    );
    await expect(bank.summary()).resolves.toMatchObject({ most_executions: 1 });
  });

  it('has lost no payment it answered for, however hard it was killed', async () => {
    const bank = await startBank();
    const answered: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const wanted = answered.length + 200;
      const lanes = Promise.allSettled(
        Array.from({ length: 20 }, async (_, lane) => {
          for (let n = 0; ; n += 1) {
            const reference = `r${round}-l${lane}-n${n}`;
            await pay(bank.url, reference); // rejects once the bank is dead
            answered.push(reference);
          }
        }),
      );
      await eventually(() => answered.length >= wanted, { what: 'two hundred answers' });
      await bank.kill();
      await lanes;
      await bank.restart();
    }
    const executed = new Map((await bank.executed()).map((one) => [one.reference, one.executions]));
    expect(answered.filter((reference) => executed.get(reference) !== 1)).toEqual([]);
    await expect(bank.summary()).resolves.toMatchObject({ most_executions: 1, most_submissions: 1 });
  });

  it('cuts off a last line that a crash left unfinished, and goes on behind it', async () => {
    const bank = await startBank();
    await pay(bank.url, 'whole');
    await bank.kill();
    const whole = readFileSync(bank.journalFile, 'utf8');
    appendFileSync(bank.journalFile, '{"at":"2024-06-01T00:00:00.000Z","event":"executed","refer');
    await bank.restart();
    await pay(bank.url, 'after');
    const lines = readFileSync(bank.journalFile, 'utf8').trimEnd().split('\n');
    expect(lines.join('\n').startsWith(whole)).toBe(true);
    const events = lines.map((line) => JSON.parse(line) as { event: string; reference: string });
    expect(events.map(({ event, reference }) => `${event} ${reference}`)).toEqual([
      'received whole',
      'executed whole',
      'received after',
      'executed after',
    ]);
  });

  it('refuses a journal that is damaged elsewhere', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'tranche-bank-'));
    const journal = path.join(folder, 'journal.jsonl');
    writeFileSync(journal, 'not JSON\n{}\n');
    const start = promisify(execFile)(process.execPath, [SCRIPT, '--port=0', `--journal=${journal}`]);
    await expect(start).rejects.toMatchObject({ code: 1, stderr: expect.stringContaining('line 1 of') });
    expect(readFileSync(journal, 'utf8')).toBe('not JSON\n{}\n');
    rmSync(folder, { recursive: true });
  });
});
