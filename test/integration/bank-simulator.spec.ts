import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { startBank, type TestBank } from '../support/bank.js';
import { call, inquire, pay, paymentBody } from '../support/bank-client.js';
import { eventually } from '../support/eventually.js';
import { stopProcesses } from '../support/processes.js';

const SCRIPT = path.resolve(__dirname, '../../scripts/bank.mjs');
const settled = (reference: string) => ({ reference, status: 'settled', rail_id: `bank-${reference}` });
const rejected = (reference: string, code: string) => ({
  ...settled(reference),
  status: 'rejected',
  reason_code: code,
});

describe('the bank simulator', () => {
  let bank: TestBank;
  let references = 0;
  const next = (): string => `ref-${++references}`;
  beforeAll(async () => {
    bank = await startBank({ acceptMs: 50, returnMs: 50 });
  });
  afterAll(() => stopProcesses());

  const only = async (reference: string) => (await bank.payments()).filter((one) => one.reference === reference);
  const lines = async (from = '2020-01-01', to = '2100-01-01') => {
    const { body } = await call(`${bank.url}/statements?from=${from}&to=${to}`);
    return (body as { lines: Record<string, unknown>[] }).lines;
  };
  const linesOf = async (reference: string) => (await lines()).filter((line) => line.reference === reference);

  describe('executes a reference at most once', () => {
    it('201 the first time, 200 with the same answer ever after', async () => {
      const reference = next();
      await expect(pay(bank.url, reference)).resolves.toMatchObject({ status: 201, body: settled(reference) });
      await expect(pay(bank.url, reference)).resolves.toMatchObject({ status: 200, body: settled(reference) });
      await expect(inquire(bank.url, reference)).resolves.toMatchObject({ status: 200, body: settled(reference) });
      await expect(only(reference)).resolves.toEqual([
        { reference, amount: '100.00', currency: 'EUR', status: 'settled', submissions: 2, executions: 1 },
      ]);
    });

    it('when fifty come at the same time', async () => {
      const reference = next();
      const answers = await Promise.all(Array.from({ length: 50 }, () => pay(bank.url, reference)));
      expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(49);
      await expect(only(reference)).resolves.toMatchObject([{ submissions: 50, executions: 1 }]);
    });

    it('another payment under the same reference is rejected, counted, and changes nothing', async () => {
      const reference = next();
      await pay(bank.url, reference);
      const { conflicts } = await bank.summary();
      const other = await pay(bank.url, reference, { amount: '200.00' });
      expect(other).toMatchObject({ status: 200, body: rejected(reference, 'AM05') });
      await expect(inquire(bank.url, reference)).resolves.toMatchObject({ body: settled(reference) });
      await expect(only(reference)).resolves.toMatchObject([{ amount: '100.00', submissions: 2, executions: 1 }]);
      await expect(bank.summary()).resolves.toMatchObject({ conflicts: conflicts + 1, most_executions: 1 });
    });

    it('404 for a reference it never saw', async () => {
      await expect(inquire(bank.url, 'never')).resolves.toMatchObject({ status: 404 });
      await expect(inquire(bank.url, '%E0%A4')).resolves.toMatchObject({ status: 404 });
    });
  });

  it.each<[string, string, object | string]>([
    ['a key that is not the reference', 'another', paymentBody('bad-1')],
    ['no reference', 'bad-1', { ...paymentBody('bad-1'), reference: undefined }],
    ['an amount that is a number', 'bad-1', { ...paymentBody('bad-1'), amount: 100 }],
    ['an amount of nothing', 'bad-1', paymentBody('bad-1', { amount: '0.00' })],
    ['no creditor', 'bad-1', { ...paymentBody('bad-1'), creditor: undefined }],
    ['a reference of more than 35 characters', 'x'.repeat(36), paymentBody('x'.repeat(36))],
    ['broken JSON', 'bad-1', '{"reference":'],
  ])('refuses %s with 400, and writes it down', async (_, key, body) => {
    const { refused, submissions } = await bank.summary();
    const answer = await call(`${bank.url}/payments`, {
      method: 'POST',
      headers: { 'idempotency-key': key },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
    expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_payment' } });
    await expect(bank.summary()).resolves.toMatchObject({ refused: refused + 1, submissions });
  });

  describe('is steered by the remittance text', () => {
    it('bank:reject:AC04 is rejected with that code and not executed', async () => {
      const reference = next();
      const answer = await pay(bank.url, reference, { remittance: 'bank:reject:AC04' });
      expect(answer).toMatchObject({ status: 201, body: rejected(reference, 'AC04') });
      await expect(only(reference)).resolves.toMatchObject([{ status: 'rejected', executions: 0 }]);
      await expect(linesOf(reference)).resolves.toMatchObject([{ status: 'rejected' }]);
    });

    it('bank:accept is executed later', async () => {
      const reference = next();
      const { body } = await pay(bank.url, reference, { remittance: 'bank:accept' });
      expect(body).toEqual({ ...settled(reference), status: 'accepted' });
      await eventually(async () => (await only(reference))[0]?.status === 'settled', { what: 'it to settle' });
      await expect(inquire(bank.url, reference)).resolves.toMatchObject({ body: settled(reference) });
      await expect(linesOf(reference)).resolves.toMatchObject([{ status: 'settled' }]);
    });

    it('bank:accept:AC04 is rejected later', async () => {
      const reference = next();
      await pay(bank.url, reference, { remittance: 'bank:accept:AC04' });
      await eventually(async () => (await only(reference))[0]?.status === 'rejected', { what: 'it to be rejected' });
      await expect(inquire(bank.url, reference)).resolves.toMatchObject({ body: rejected(reference, 'AC04') });
    });

    it('bank:return comes back; the payment stays settled, the statement says both', async () => {
      const reference = next();
      await pay(bank.url, reference, { remittance: 'bank:return' });
      await eventually(async () => (await only(reference))[0]?.status === 'returned', { what: 'it to come back' });
      await expect(inquire(bank.url, reference)).resolves.toMatchObject({ body: settled(reference) });
      await expect(linesOf(reference)).resolves.toMatchObject([{ status: 'settled' }, { status: 'returned' }]);
    });

    it('bank:slow:60000 is executed at once, and answered a minute later', async () => {
      const reference = next();
      const caller = new AbortController();
      const answer = pay(bank.url, reference, { remittance: 'bank:slow:60000' }, caller.signal);
      await eventually(async () => (await only(reference))[0]?.executions === 1, { what: 'it to be executed' });
      caller.abort();
      await expect(answer).rejects.toThrow();
      await expect(inquire(bank.url, reference)).resolves.toMatchObject({ body: settled(reference) });
    });

    it('bank:hang is not executed until it is released', async () => {
      const reference = next();
      const answer = pay(bank.url, reference, { remittance: 'bank:hang' });
      await eventually(async () => (await bank.waiting()).includes(reference), { what: 'it to hang' });
      await expect(inquire(bank.url, reference)).resolves.toMatchObject({ status: 404 });
      await expect(bank.release(reference)).resolves.toEqual([reference]);
      await expect(answer).resolves.toMatchObject({ status: 201, body: settled(reference) });
      await expect(bank.waiting()).resolves.toEqual([]);
    });

    it('bank:hang is never executed once its caller has gone', async () => {
      const reference = next();
      const caller = new AbortController();
      const answer = pay(bank.url, reference, { remittance: 'bank:hang' }, caller.signal);
      await eventually(async () => (await bank.waiting()).includes(reference), { what: 'it to hang' });
      caller.abort();
      await expect(answer).rejects.toThrow();
      await eventually(async () => !(await bank.waiting()).includes(reference), { what: 'it to be given up' });
      await expect(bank.release()).resolves.toEqual([]);
      await expect(only(reference)).resolves.toMatchObject([{ status: null, submissions: 1, executions: 0 }]);
    });
  });

  describe('takes payments back', () => {
    it('once, whole, and only what it paid', async () => {
      const [original, reversal] = [next(), next()];
      const back = (reverses: string, fields: { amount?: string } = {}) =>
        pay(bank.url, next(), { reverses, ...fields }).then(({ body }) => body);
      await expect(back(original)).resolves.toMatchObject({ status: 'rejected', reason_code: 'NOOR' });
      await pay(bank.url, original);
      await expect(back(original, { amount: '99.00' })).resolves.toMatchObject({ reason_code: 'AM09' });
      const taken = await pay(bank.url, reversal, { reverses: original });
      expect(taken.body).toEqual(settled(reversal));
      await expect(back(original)).resolves.toMatchObject({ reason_code: 'ARDT' });
      await expect(only(original)).resolves.toMatchObject([{ status: 'settled', reversed_by: reversal }]);
      await expect(bank.summary()).resolves.toMatchObject({ reversal_sums: { EUR: '100.00' } });
    });
  });

  describe('serves statements', () => {
    it('from a time to just before another', async () => {
      const reference = next();
      await pay(bank.url, reference, { amount: '12.30' });
      const [line] = await linesOf(reference);
      const bookedAt = String(line?.booked_at);
      expect(line).toEqual({
        ...settled(reference),
        amount: '12.30',
        currency: 'EUR',
        booked_at: expect.stringMatching(/^\d{4}-.*Z$/),
      });
      const later = new Date(Date.parse(bookedAt) + 1).toISOString();
      const has = async (from: string, to: string) =>
        (await lines(from, to)).some((one) => one.reference === reference);
      await expect(has(bookedAt, later)).resolves.toBe(true);
      await expect(has('2020-01-01', bookedAt)).resolves.toBe(false);
      await expect(has(later, '2100-01-01')).resolves.toBe(false);
    });

    it('with bookings it was told to invent', async () => {
      const line = { reference: 'invented', amount: '5.00', currency: 'EUR', status: 'settled' as const };
      const invented = await bank.inventStatementLine({ ...line, booked_at: '2024-06-01T00:00:00.000Z' });
      expect(invented).toMatchObject({ ...line, rail_id: expect.any(String) });
      await expect(lines('2024-06-01', '2024-06-02')).resolves.toEqual([invented]);
      await expect(inquire(bank.url, 'invented')).resolves.toMatchObject({ status: 404 });
    });

    it('and refuses a period that is none', async () => {
      await expect(call(`${bank.url}/statements?from=x&to=2100-01-01`)).resolves.toMatchObject({ status: 400 });
    });
  });

  it('sends a settled payment back on request, once', async () => {
    const reference = next();
    await expect(bank.sendBack(reference)).rejects.toThrow('404');
    await pay(bank.url, reference);
    await bank.sendBack(reference, { reasonCode: 'AC06' });
    await eventually(async () => (await only(reference))[0]?.status === 'returned', { what: 'it to come back' });
    await expect(bank.sendBack(reference)).rejects.toThrow('409');
    const events = (await bank.journal(reference)).map(({ event, reason_code }) => [event, reason_code]);
    expect(events).toEqual([
      ['received', undefined],
      ['executed', undefined],
      ['return_due', 'AC06'],
      ['returned', 'AC06'],
    ]);
  });

  it('adds up what it paid', async () => {
    const before = await bank.summary();
    const cents = (sums: Record<string, string>, currency: string) =>
      BigInt((sums[currency] ?? '0').replace('.', '') || '0');
    await pay(bank.url, next(), { amount: '0.01' });
    await pay(bank.url, next(), { amount: '999999999999.99' });
    await pay(bank.url, next(), { amount: '7', currency: 'JPY' });
    await pay(bank.url, next(), { amount: '1.005', currency: 'KWD' });
    const { sums, executed } = await bank.summary();
    expect(executed).toBe(before.executed + 4);
    expect(cents(sums, 'EUR') - cents(before.sums, 'EUR')).toBe(100_000_000_000_000n);
    expect(sums).toMatchObject({ JPY: '7', KWD: '1.005' });
  });

  it('answers nobody without the token, when it has one', async () => {
    const closed = await startBank({ token: 'a secret' });
    await expect(pay(closed.url, 'x')).resolves.toMatchObject({ status: 401 });
    await expect(call(`${closed.url}/control/executed`)).resolves.toMatchObject({ status: 401 });
    await expect(call(`${closed.url}/health`)).resolves.toMatchObject({ status: 200 });
    const answer = await call(`${closed.url}/payments`, {
      method: 'POST',
      headers: { 'idempotency-key': 'x', authorization: 'Bearer a secret' },
      body: JSON.stringify(paymentBody('x')),
    });
    expect(answer.status).toBe(201);
    await expect(closed.executed()).resolves.toHaveLength(1);
    await closed.stop();
  });

  it('ends on SIGTERM with 0, also while requests hang', async () => {
    const ending = await startBank();
    const hanging = pay(ending.url, 'hanging', { remittance: 'bank:hang' });
    const cut = expect(hanging).rejects.toThrow();
    await eventually(async () => (await ending.waiting()).length === 1, { what: 'it to hang' });
    await expect(ending.stop()).resolves.toBe('ended with exit code 0');
    await cut;
  });

  it('explains itself', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT, '--help']);
    for (const option of ['--port', '--journal', '--callback-url', 'bank:hang']) expect(stdout).toContain(option);
  });
});
