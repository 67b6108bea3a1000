import type { ServerResponse } from 'node:http';
import { eventually } from '../support/eventually.js';
import { HttpRailLab, inquireOne, OPEN_WINDOW, payment, payments, submitOne } from '../support/http-rail-lab.js';
import { answer, type BankBehaviour, referenceOf, settle } from '../support/scripted-bank.js';

describe('the http rail', () => {
  let lab: HttpRailLab;
  beforeEach(() => {
    lab = new HttpRailLab();
  });
  afterEach(() => lab.close());

  describe('speaks the contract', () => {
    it('submitting a payment as documented, below the path of its address', async () => {
      const bank = await lab.bankThat();
      const one = payment();
      await lab.railAt(`${bank.url}/psd/v3/`, { RAIL_HTTP_TOKEN: 's3cret' }).submit([one], OPEN_WINDOW);
      expect(bank.calls).toMatchObject([
        {
          method: 'POST',
          path: '/psd/v3/payments',
          headers: {
            'idempotency-key': one.reference,
            authorization: 'Bearer s3cret',
            'content-type': 'application/json',
          },
        },
      ]);
      expect(JSON.parse(bank.calls[0]?.body ?? '')).toEqual({
        reference: one.reference,
        amount: '1234.50',
        currency: 'EUR',
        debtor: one.debtor,
        creditor: one.creditor,
        remittance: 'Salary',
      });
    });

    it('with one outcome a payment, in order, however late each comes', async () => {
      const waiting: (() => void)[] = [];
      const bank = await lab.bankThat((call, response) => {
        waiting.push(() => settle(call, response));
        if (waiting.length === 20) for (const go of waiting.reverse()) go();
      });
      const many = payments(20);
      await expect(lab.railAt(bank.url).submit(many, OPEN_WINDOW)).resolves.toEqual(
        many.map(({ reference }) => ({ kind: 'settled', railId: `B-${reference}` })),
      );
    });

    it('asking for payments', async () => {
      const [known, rejected, unknown, broken] = payments(4).map(({ reference }) => reference) as [
        string,
        string,
        string,
        string,
      ];
      const bank = await lab.bankThat((call, response) => {
        const reference = referenceOf(call);
        if (reference === known) return answer(response, 200, { reference, status: 'accepted', rail_id: 'B-1' });
        if (reference === rejected)
          return answer(response, 200, { reference, status: 'rejected', reason_code: 'AC04' });
        return answer(response, reference === unknown ? 404 : 500, {});
      });
      await expect(lab.railAt(bank.url).inquire([known, rejected, unknown, broken])).resolves.toMatchObject([
        { kind: 'accepted', railId: 'B-1' },
        { kind: 'rejected', code: 'AC04' },
        { kind: 'not_found' },
        { kind: 'unknown', code: 'http_5xx' },
      ]);
      expect(bank.calls.map(({ method, path, body }) => `${method} ${path}${body}`)).toContain(
        `GET /payments/${known}`,
      );
    });

    it.each(['http://user:secret@bank.example', 'http://bank.example/?a=1', 'http://bank.example/#x'])(
      'at no address like %s',
      (url) => {
        expect(() => lab.railAt(url)).toThrow(/RAIL_HTTP_URL/);
      },
    );

    it('with no token that would break its header', () => {
      expect(() => lab.railAt('http://bank.example', { RAIL_HTTP_TOKEN: 'a\r\nx-admin: 1' })).toThrow(/authorization/);
    });
  });

  describe('spares the bank', () => {
    it('when it is told to wait, with every payment and question', async () => {
      const bank = await lab.bankThat((_, response) =>
        answer(response, 429, { status: 'not_accepted' }, { 'retry-after': '30' }),
      );
      const rail = lab.railAt(bank.url, { RAIL_CONCURRENCY: '1' });
      const outcomes = await rail.submit(payments(3), OPEN_WINDOW);
      expect(outcomes[0]).toMatchObject({ kind: 'not_accepted', retryAfterMs: 30_000 });
      expect(outcomes.slice(1)).toMatchObject([
        { kind: 'not_sent', code: 'rail_paused' },
        { kind: 'not_sent', code: 'rail_paused' },
      ]);
      await expect(inquireOne(rail)).resolves.toMatchObject({ kind: 'unknown', code: 'rail_paused' });
      expect(bank.calls).toHaveLength(1);
      expect(rail.pausedForMs('inquire')).toBeGreaterThan(0);
      expect(rail.pausedForMs('submit')).toBeLessThanOrEqual(30_000);
    });

    it('but not longer than payments wait at most', async () => {
      const bank = await lab.bankThat((_, response) =>
        answer(response, 503, { status: 'not_accepted' }, { 'retry-after': '86400' }),
      );
      const rail = lab.railAt(bank.url, { RETRY_MAX_MS: '5000' });
      await expect(submitOne(rail)).resolves.toMatchObject({ kind: 'not_accepted', retryAfterMs: 5_000 });
    });

    it('with no more calls and connections than allowed, over all chunks of the process', async () => {
      const bank = await lab.bankThat((call, response) => void setTimeout(() => settle(call, response), 2));
      const rail = lab.railAt(bank.url, { RAIL_CONCURRENCY: '3' });
      const chunks = [rail.submit(payments(30), OPEN_WINDOW), rail.submit(payments(30), OPEN_WINDOW)];
      const asked = rail.inquire(payments(10).map(({ reference }) => reference));
      const outcomes = (await Promise.all([...chunks, asked])).flat();
      expect(outcomes.map(({ kind }) => kind)).toEqual(Array(70).fill('settled'));
      expect([bank.mostAtATime, bank.connections]).toEqual([3, 3]);
    });

    it('by turns: no chunk waits for the end of another', async () => {
      const bank = await lab.bankThat((call, response) => void setTimeout(() => settle(call, response), 2));
      const rail = lab.railAt(bank.url, { RAIL_CONCURRENCY: '2' });
      const [long, short] = [payments(60), payments(5)];
      await Promise.all([rail.submit(long, OPEN_WINDOW), rail.submit(short, OPEN_WINDOW)]);
      const order = bank.calls.map(referenceOf);
      const last = Math.max(...short.map(({ reference }) => order.indexOf(reference)));
      expect(last).toBeLessThan(30);
    });

    it('at a rate, which counts payments and holds back no question', async () => {
      const bank = await lab.bankThat();
      const rail = lab.railAt(bank.url, { RAIL_RATE_PER_SECOND: '1' });
      const window = new AbortController();
      const submitted = rail.submit(payments(1_000), window.signal);
      await eventually(() => rail.pausedForMs('submit') > 0, { what: 'a payment that waits for the rate' });
      expect(rail.pausedForMs('inquire')).toBe(0);
      await expect(inquireOne(rail)).resolves.toMatchObject({ kind: 'settled' });
      window.abort();
      expect((await submitted).at(-1)).toMatchObject({ kind: 'not_sent', code: 'window_closed' });
    });

    it('when it fails: then nothing is sent, until a probe went well', async () => {
      const bank = await lab.bankThat((_, response) => answer(response, 500, {}));
      const rail = lab.railAt(bank.url, { RAIL_CONCURRENCY: '1' });
      const outcomes = await rail.submit(payments(8), OPEN_WINDOW);
      expect(outcomes.map(({ kind }) => kind)).toEqual([
        ...Array<string>(5).fill('unknown'),
        ...Array<string>(3).fill('not_sent'),
      ]);
      expect(outcomes[7]).toMatchObject({ code: 'breaker_open' });
      await expect(lab.samples('rail_breaker_open')).resolves.toEqual(['rail_breaker_open{rail="http"} 1']);
      await expect(inquireOne(rail)).resolves.toMatchObject({ kind: 'unknown', code: 'breaker_open' });
      expect(bank.calls).toHaveLength(5);
      bank.behave(settle);
      await eventually(() => rail.pausedForMs('submit') === 0, { what: 'the breaker to let a probe through' });
      const again = await rail.submit(payments(8), OPEN_WINDOW);
      expect(again.map(({ kind }) => kind)).toEqual(Array(8).fill('settled'));
      expect(rail.pausedForMs('submit')).toBe(0);
      await expect(lab.samples('rail_breaker_open')).resolves.toEqual(['rail_breaker_open{rail="http"} 0']);
    });
  });

  describe('keeps to its window', () => {
    it('and sends nothing in one that has closed', async () => {
      const bank = await lab.bankThat();
      const outcomes = await lab.railAt(bank.url).submit(payments(3), AbortSignal.abort());
      expect(outcomes).toMatchObject(Array(3).fill({ kind: 'not_sent', code: 'window_closed' }));
      expect(bank.calls).toHaveLength(0);
    });

    it('when it closes half way: what is under way is waited for, the rest was not sent', async () => {
      const open: [Parameters<BankBehaviour>[0], ServerResponse][] = [];
      const bank = await lab.bankThat((call, response) => void open.push([call, response]));
      const window = new AbortController();
      const submitted = lab.railAt(bank.url, { RAIL_CONCURRENCY: '2' }).submit(payments(5), window.signal);
      await eventually(() => open.length === 2, { what: 'two calls under way' });
      window.abort();
      for (const [call, response] of open) settle(call, response);
      const kinds = (await submitted).map(({ kind }) => kind);
      expect(kinds).toEqual(['settled', 'settled', 'not_sent', 'not_sent', 'not_sent']);
      expect(bank.calls).toHaveLength(2);
    });
  });

  it('counts its calls and how long they took', async () => {
    const bank = await lab.bankThat((call, response) =>
      call.method === 'GET' ? answer(response, 404, {}) : settle(call, response),
    );
    const rail = lab.railAt(bank.url);
    await rail.submit(payments(3), OPEN_WINDOW);
    await inquireOne(rail);
    await expect(lab.samples('rail_calls_total')).resolves.toEqual([
      'rail_calls_total{rail="http",operation="submit",outcome="settled"} 3',
      'rail_calls_total{rail="http",operation="inquire",outcome="not_found"} 1',
    ]);
    await expect(lab.samples('rail_call_seconds_count')).resolves.toContain(
      'rail_call_seconds_count{rail="http",operation="submit"} 3',
    );
    await expect(lab.samples('rail_calls_in_flight')).resolves.toEqual(['rail_calls_in_flight{rail="http"} 0']);
    await expect(lab.samples('rail_paused_seconds')).resolves.toEqual(['rail_paused_seconds{rail="http"} 0']);
  });
});
