import { type FaultPlan, startBank, type TestBank } from '../support/bank.js';
import { call, inquire, pay } from '../support/bank-client.js';
import { eventually } from '../support/eventually.js';
import { stopProcesses } from '../support/processes.js';

interface Line {
  rail_id: string;
  reference: string;
  amount: string;
}

describe('faults of the bank simulator', () => {
  let bank: TestBank;
  let references = 0;
  const next = (): string => `ref-${++references}`;
  beforeAll(async () => {
    bank = await startBank();
  });
  afterEach(() => bank.faults(null));
  afterAll(() => stopProcesses());

  const executionsOf = async (reference: string) =>
    (await bank.payments()).find((one) => one.reference === reference)?.executions;
  const linesOf = async (reference: string) => {
    const { body } = await call(`${bank.url}/statements?from=2020-01-01&to=2100-01-01`);
    return (body as { lines: Line[] }).lines.filter((line) => line.reference === reference);
  };

  describe('before a payment is executed', () => {
    it.each<[string, FaultPlan, object]>([
      ['error_before', { error_before: {} }, { status: 500, body: undefined }],
      ['error_before with a status', { error_before: { status: 502 } }, { status: 502, body: undefined }],
      ['a 503 that promises nothing', { error_before: { status: 503 } }, { status: 503, body: undefined }],
      ['not_accepted', { not_accepted: {} }, { status: 503, body: { status: 'not_accepted' } }],
      ['not_accepted by 429', { not_accepted: { status: 429 } }, { status: 429, body: { status: 'not_accepted' } }],
    ])('%s: it answers so, and executes nothing', async (_, plan, answer) => {
      const reference = next();
      await bank.faults(plan);
      await expect(pay(bank.url, reference)).resolves.toMatchObject(answer);
      expect(await executionsOf(reference)).toBe(0);
      await expect(inquire(bank.url, reference)).resolves.toMatchObject({ status: 404 });
      await bank.faults(null);
      await expect(pay(bank.url, reference)).resolves.toMatchObject({ status: 201 });
    });

    it('not_accepted says when to come again, if it shall', async () => {
      await bank.faults({ not_accepted: { retry_after: 7 } });
      expect((await pay(bank.url, next())).headers.get('retry-after')).toBe('7');
      await bank.faults({ not_accepted: {} });
      expect((await pay(bank.url, next())).headers.get('retry-after')).toBeNull();
    });

    it('drop_before: the line is cut, and nothing was executed', async () => {
      const reference = next();
      await bank.faults({ drop_before: {} });
      await expect(pay(bank.url, reference)).rejects.toThrow();
      expect(await executionsOf(reference)).toBe(0);
    });

    it('hang: there is no answer, and nothing is executed until it is released', async () => {
      const [one, other] = [next(), next()];
      await bank.faults({ hang: {} });
      const answers = Promise.all([pay(bank.url, one), pay(bank.url, other)]);
      await eventually(async () => (await bank.waiting()).length === 2, { what: 'two requests to hang' });
      expect([await executionsOf(one), await executionsOf(other)]).toEqual([0, 0]);
      expect((await bank.release()).sort()).toEqual([one, other].sort());
      await expect(answers).resolves.toMatchObject([{ status: 201 }, { status: 201 }]);
      expect([await executionsOf(one), await executionsOf(other)]).toEqual([1, 1]);
    });
  });

  describe('after a payment was executed', () => {
    it.each<[string, FaultPlan, object]>([
      ['error_after', { error_after: {} }, { status: 500, body: undefined }],
      ['error_after with a status', { error_after: { status: 504 } }, { status: 504, body: undefined }],
      ['garbage', { garbage: {} }, { status: 200, body: undefined }],
    ])('%s: it answers so', async (_, plan, answer) => {
      const reference = next();
      await bank.faults(plan);
      await expect(pay(bank.url, reference)).resolves.toMatchObject(answer);
      expect(await executionsOf(reference)).toBe(1);
    });

    it('execute_then_drop: the line is cut; sent again, it is not executed again', async () => {
      const reference = next();
      await bank.faults({ execute_then_drop: { count: 1 } });
      await expect(pay(bank.url, reference)).rejects.toThrow();
      expect(await executionsOf(reference)).toBe(1);
      await expect(pay(bank.url, reference)).resolves.toMatchObject({ status: 200 });
      expect(await executionsOf(reference)).toBe(1);
    });

    it('delayed_visibility_ms: it says 404, until it knows the payment', async () => {
      const [hidden, shortly] = [next(), next()];
      await bank.faults({ delayed_visibility_ms: { ms: 3_600_000 }, execute_then_drop: {} });
      await expect(pay(bank.url, hidden)).rejects.toThrow();
      await bank.faults({ delayed_visibility_ms: { ms: 100 } });
      await pay(bank.url, shortly);
      await eventually(async () => (await inquire(bank.url, shortly)).status === 200, { what: 'it to be seen' });
      await expect(inquire(bank.url, hidden)).resolves.toMatchObject({ status: 404 });
      expect(await executionsOf(hidden)).toBe(1);
      await expect(pay(bank.url, hidden)).resolves.toMatchObject({ status: 200 });
    });

    it('returns: it comes back by itself', async () => {
      const reference = next();
      await bank.faults({ returns: { after_ms: 50 } });
      await pay(bank.url, reference);
      await eventually(
        async () => (await bank.payments()).find((one) => one.reference === reference)?.status === 'returned',
        { what: 'it to come back' },
      );
      await expect(bank.summary()).resolves.toMatchObject({ returned_sums: { EUR: '100.00' } });
    });
  });

  it('latency_ms: the payment is executed, and its answer is late', async () => {
    const reference = next();
    const caller = new AbortController();
    await bank.faults({ latency_ms: { min: 3_600_000, max: 3_600_000 } });
    const answer = pay(bank.url, reference, {}, caller.signal);
    await eventually(async () => (await executionsOf(reference)) === 1, { what: 'it to be executed' });
    caller.abort();
    await expect(answer).rejects.toThrow();
    await bank.faults({ latency_ms: { max: 20 } });
    await expect(pay(bank.url, next())).resolves.toMatchObject({ status: 201 });
  });

  it('inquiry_error: the bank cannot be asked', async () => {
    const reference = next();
    await pay(bank.url, reference);
    await bank.faults({ inquiry_error: { status: 502, count: 1 } });
    await expect(inquire(bank.url, reference)).resolves.toMatchObject({ status: 502 });
    await expect(inquire(bank.url, reference)).resolves.toMatchObject({ status: 200 });
  });

  describe('in statements', () => {
    it('a booking is left out, wrong, or there twice, and right again without the fault', async () => {
      const reference = next();
      await pay(bank.url, reference, { amount: '12.30' });
      const [line] = await linesOf(reference);
      await bank.faults({ statement_omit: { match: `^${reference}$` } });
      await expect(linesOf(reference)).resolves.toEqual([]);
      await bank.faults({ statement_amount: { match: `^${reference}$` } });
      await expect(linesOf(reference)).resolves.toEqual([{ ...line, amount: '13.30' }]);
      await bank.faults({ statement_duplicate: { match: `^${reference}$` } });
      await expect(linesOf(reference)).resolves.toEqual([line, { ...line, rail_id: `${line?.rail_id}-again` }]);
      await bank.faults(null);
      await expect(linesOf(reference)).resolves.toEqual([line]);
    });

    it('a fault keeps to the payments it struck', async () => {
      const mine = [next(), next(), next()];
      for (const reference of mine) await pay(bank.url, reference);
      await bank.faults({ statement_omit: { count: 1, match: `^(${mine.join('|')})$` } });
      const missing = async () => {
        const found = await Promise.all(mine.map(async (reference) => [reference, (await linesOf(reference)).length]));
        return found.filter(([, count]) => count === 0);
      };
      const first = await missing();
      expect(first).toHaveLength(1);
      await expect(missing()).resolves.toEqual(first);
    });
  });

  describe('a plan', () => {
    it('strikes what it matches only, by reference or by remittance', async () => {
      await bank.faults({ error_before: { match: '^doomed-|cursed' } });
      await expect(pay(bank.url, 'doomed-1')).resolves.toMatchObject({ status: 500 });
      await expect(pay(bank.url, next(), { remittance: 'a cursed salary' })).resolves.toMatchObject({ status: 500 });
      await expect(pay(bank.url, next())).resolves.toMatchObject({ status: 201 });
    });

    it('strikes at most so many times', async () => {
      await bank.faults({ error_before: { count: 3 } });
      const answers = await Promise.all(Array.from({ length: 20 }, () => pay(bank.url, next())));
      expect(answers.filter(({ status }) => status === 500)).toHaveLength(3);
    });

    it('strikes about as often as its rate says, and the same ones with the same seed', async () => {
      const struckWith = async (seed: number) => {
        await bank.faults({ seed, error_before: { rate: 0.2 } });
        const statuses: number[] = [];
        for (let n = 0; n < 400; n += 1) statuses.push((await pay(bank.url, next())).status);
        return statuses.flatMap((status, n) => (status === 500 ? [n] : []));
      };
      const first = await struckWith(42);
      expect(first.length).toBeGreaterThan(50);
      expect(first.length).toBeLessThan(110);
      expect(await struckWith(42)).toEqual(first);
      expect(await struckWith(43)).not.toEqual(first);
    });

    it('is shown with its defaults, and is gone after DELETE', async () => {
      await bank.faults({ error_before: { rate: 0.5 }, hang: { rate: 0 } });
      await expect(call(`${bank.url}/control/faults`)).resolves.toMatchObject({
        body: { seed: 1, error_before: { rate: 0.5, status: 500 }, hang: { rate: 0 } },
      });
      await bank.faults(null);
      await expect(call(`${bank.url}/control/faults`)).resolves.toMatchObject({ body: {} });
    });

    it.each<[string, object]>([
      ['There is no fault latency', { latency: { max: 5 } }],
      ['drop_before.rate must be from 0 to 1', { drop_before: { rate: 20 } }],
      ['drop_before has no setting status', { drop_before: { status: 500 } }],
      ['latency_ms.max is missing', { latency_ms: {} }],
      ['latency_ms.min is more than latency_ms.max', { latency_ms: { min: 2, max: 1 } }],
      ['not_accepted.status must be 429 or 503', { not_accepted: { status: 500 } }],
      ['hang.match', { hang: { match: '(' } }],
      ['hang must be a JSON object', { hang: 0.5 }],
      ['seed must be a whole number', { seed: 'x' }],
    ])('with a mistake is refused, and the old one stays: %s', async (detail, plan) => {
      await bank.faults({ hang: { rate: 0 } });
      await expect(bank.faults(plan as FaultPlan)).rejects.toThrow(detail);
      await expect(call(`${bank.url}/control/faults`)).resolves.toMatchObject({ body: { hang: { rate: 0 } } });
    });

    it('is written down beside what it struck', async () => {
      const reference = next();
      await bank.faults({ error_before: { count: 1 } });
      await pay(bank.url, reference);
      await pay(bank.url, reference);
      await expect(bank.journal(reference)).resolves.toMatchObject([
        { event: 'received', faults: ['error_before'] },
        { event: 'received' },
        { event: 'executed' },
      ]);
    });
  });
});
