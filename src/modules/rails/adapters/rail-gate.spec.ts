import { setLogLevel } from '../../../platform/logging/index.js';
import { type CallVerdict, type GateSettings, RailGate, type Refusal, type Started } from './rail-gate.js';

const FINE: CallVerdict = { isRailFailure: false, retryAfterMs: undefined, code: 'http_200' };
const FAILED: CallVerdict = { isRailFailure: true, retryAfterMs: undefined, code: 'timeout' };
const SETTINGS: GateSettings = { concurrency: 10, ratePerSecond: 0, firstOpenMs: 2_000, longestOpenMs: 60_000 };
const OPEN_WINDOW = new AbortController().signal;

/** A call that ends when the test says so. */
class Held {
  calls = 0;
  private readonly open: ((verdict: CallVerdict) => void)[] = [];
  readonly call = (): Promise<CallVerdict> => {
    this.calls++;
    return new Promise((resolve) => this.open.push(resolve));
  };
  async end(verdict: CallVerdict = FINE): Promise<void> {
    this.open.shift()?.(verdict);
    await jest.advanceTimersByTimeAsync(0);
  }
}

const started = (answer: Started<CallVerdict> | Refusal): boolean => 'result' in answer;

describe('the gate of a rail', () => {
  beforeEach(() => {
    setLogLevel('silent');
    jest.useFakeTimers();
  });
  afterEach(() => jest.useRealTimers());

  const gateWith = (settings: Partial<GateSettings> = {}) => new RailGate('http', { ...SETTINGS, ...settings });
  const start = (
    gate: RailGate,
    call: () => Promise<CallVerdict>,
    values: { signal?: AbortSignal; isMetered?: boolean } = {},
  ) => gate.start(call, { signal: OPEN_WINDOW, isMetered: true, ...values });
  const callOnce = async (gate: RailGate, verdict: CallVerdict): Promise<boolean> => {
    const answer = await start(gate, async () => verdict);
    if ('result' in answer) await answer.result;
    return started(answer);
  };
  const callTimes = async (gate: RailGate, times: number, verdict: CallVerdict): Promise<void> => {
    for (let i = 0; i < times; i++) await callOnce(gate, verdict);
  };

  describe('calls at a time', () => {
    it('are never more than allowed; who waits gets the next place, in turn', async () => {
      const gate = gateWith({ concurrency: 2 });
      const held = new Held();
      const order: number[] = [];
      const waiting = [0, 1, 2, 3].map((i) => start(gate, held.call).then(() => order.push(i)));
      await jest.advanceTimersByTimeAsync(0);
      expect([held.calls, gate.callsUnderWay]).toEqual([2, 2]);
      await held.end();
      expect([held.calls, gate.callsUnderWay, order]).toEqual([3, 2, [0, 1, 2]]);
      await held.end(FAILED);
      await Promise.all(waiting);
      expect([held.calls, order]).toEqual([4, [0, 1, 2, 3]]);
    });

    it('wait no longer than their window, and give up their turn', async () => {
      const gate = gateWith({ concurrency: 1 });
      const held = new Held();
      await start(gate, held.call);
      const window = new AbortController();
      const [closed, patient] = [start(gate, held.call, { signal: window.signal }), start(gate, held.call)];
      window.abort();
      await expect(closed).resolves.toEqual({ refused: 'window_closed', retryAfterMs: 0 });
      await held.end();
      expect(started(await patient)).toBe(true);
      expect(held.calls).toBe(2);
    });

    it('wait in windows of their own: one that closes takes all of its calls along, and no other', async () => {
      const gate = gateWith({ concurrency: 1 });
      const held = new Held();
      await start(gate, held.call);
      const [first, second] = [new AbortController(), new AbortController()];
      const waiting = [first, second, first, second].map(({ signal }) => start(gate, held.call, { signal }));
      first.abort();
      const closed = [waiting[0], waiting[2]];
      for (const answer of closed) await expect(answer).resolves.toMatchObject({ refused: 'window_closed' });
      await held.end();
      await held.end();
      expect((await Promise.all([waiting[1], waiting[3]])).map((answer) => answer && started(answer))).toEqual([
        true,
        true,
      ]);
      expect(held.calls).toBe(3);
    });

    it('do not start in a window that has closed', async () => {
      const held = new Held();
      await expect(start(gateWith(), held.call, { signal: AbortSignal.abort() })).resolves.toMatchObject({
        refused: 'window_closed',
      });
      expect(held.calls).toBe(0);
    });
  });

  describe('the breaker', () => {
    it('opens after failures, tells for how long, and lets nothing through meanwhile', async () => {
      const gate = gateWith();
      await callTimes(gate, 4, FAILED);
      expect([gate.isClosed, gate.pausedForMs()]).toEqual([true, 0]);
      await callOnce(gate, FAILED);
      expect([gate.isClosed, gate.pausedForMs()]).toEqual([false, 2_000]);
      const held = new Held();
      await expect(start(gate, held.call)).resolves.toEqual({ refused: 'breaker_open', retryAfterMs: 2_000 });
      await jest.advanceTimersByTimeAsync(1_500);
      await expect(start(gate, held.call)).resolves.toEqual({ refused: 'breaker_open', retryAfterMs: 500 });
      expect([held.calls, gate.pausedForMs()]).toEqual([0, 500]);
    });

    it('stays closed with a rail that fails every fifth call, and with payments that are refused', async () => {
      const gate = gateWith();
      for (let i = 0; i < 200; i++) await callOnce(gate, i % 5 === 4 ? FAILED : FINE);
      expect(gate.isClosed).toBe(true);
    });

    it('then lets one call through, and all once that one went well', async () => {
      const gate = gateWith();
      await callTimes(gate, 5, FAILED);
      await jest.advanceTimersByTimeAsync(2_000);
      expect(gate.pausedForMs()).toBe(0);
      const held = new Held();
      const probes = [start(gate, held.call), start(gate, held.call), start(gate, held.call)];
      await jest.advanceTimersByTimeAsync(0);
      expect([held.calls, gate.isClosed]).toEqual([1, false]);
      expect(gate.pausedForMs()).toBeGreaterThan(0);
      await held.end(FINE);
      expect((await Promise.all(probes)).map(started)).toEqual([true, true, true]);
      expect([held.calls, gate.isClosed, gate.pausedForMs()]).toEqual([3, true, 0]);
    });

    it('opens for twice as long when the probe fails, up to the longest, and turns away who waited for it', async () => {
      const gate = gateWith();
      await callTimes(gate, 5, FAILED);
      for (const openMs of [4_000, 8_000, 16_000, 32_000, 60_000, 60_000]) {
        await jest.advanceTimersByTimeAsync(gate.pausedForMs());
        const held = new Held();
        const [probe, other] = [start(gate, held.call), start(gate, held.call)];
        await jest.advanceTimersByTimeAsync(0);
        await held.end(FAILED);
        expect(started(await probe)).toBe(true);
        await expect(other).resolves.toEqual({ refused: 'breaker_open', retryAfterMs: openMs });
        expect([held.calls, gate.pausedForMs()]).toEqual([1, openMs]);
      }
    });

    it('starts over with the first time after it was closed', async () => {
      const gate = gateWith();
      await callTimes(gate, 5, FAILED);
      await jest.advanceTimersByTimeAsync(2_000);
      await callOnce(gate, FAILED);
      await jest.advanceTimersByTimeAsync(4_000);
      await callTimes(gate, 1, FINE);
      await callTimes(gate, 5, FAILED);
      expect(gate.pausedForMs()).toBe(2_000);
    });

    it('holds nobody beyond his window while it probes', async () => {
      const gate = gateWith();
      await callTimes(gate, 5, FAILED);
      await jest.advanceTimersByTimeAsync(2_000);
      const held = new Held();
      const window = new AbortController();
      await start(gate, held.call);
      const waiting = start(gate, held.call, { signal: window.signal });
      await jest.advanceTimersByTimeAsync(0);
      window.abort();
      await expect(waiting).resolves.toMatchObject({ refused: 'window_closed' });
    });

    it('is closed again by calls that were under way when it opened only through a probe', async () => {
      const gate = gateWith();
      const held = new Held();
      await start(gate, held.call);
      await callTimes(gate, 5, FAILED);
      await held.end(FINE);
      expect([gate.isClosed, gate.pausedForMs()]).toEqual([false, 2_000]);
    });

    it('never tells of a pause longer than its own when the clock is set back', async () => {
      const gate = gateWith();
      await callTimes(gate, 5, FAILED);
      jest.setSystemTime(Date.now() - 3_600_000);
      expect(gate.pausedForMs()).toBe(2_000);
    });
  });

  describe('the pause a rail asks for', () => {
    const waitFor = (retryAfterMs: number): CallVerdict => ({ ...FINE, retryAfterMs, code: 'http_429' });

    it('holds for everybody, until its end, and only the longest counts', async () => {
      const gate = gateWith();
      await callTimes(gate, 1, waitFor(5_000));
      const held = new Held();
      const late = await start(gate, held.call);
      expect([late, gate.pausedForMs()]).toEqual([{ refused: 'rail_paused', retryAfterMs: 5_000 }, 5_000]);
      await jest.advanceTimersByTimeAsync(5_000);
      expect([started(await start(gate, held.call)), gate.pausedForMs()]).toEqual([true, 0]);
    });

    it('is not cut short by a later answer that asks for less', async () => {
      const gate = gateWith();
      const held = new Held();
      await Promise.all([start(gate, held.call), start(gate, held.call)]);
      await held.end(waitFor(5_000));
      await held.end(waitFor(1_000));
      expect(gate.pausedForMs()).toBe(5_000);
    });

    it('reaches also who was waiting for a place', async () => {
      const gate = gateWith({ concurrency: 1 });
      const held = new Held();
      await start(gate, held.call);
      const waiting = start(gate, held.call);
      await held.end(waitFor(5_000));
      await expect(waiting).resolves.toEqual({ refused: 'rail_paused', retryAfterMs: 5_000 });
      await jest.advanceTimersByTimeAsync(5_000);
      expect(started(await start(gate, held.call))).toBe(true); // the place was given back
    });
  });

  describe('the rate', () => {
    it('is kept over the seconds, and concerns payments only', async () => {
      const gate = gateWith({ ratePerSecond: 10, concurrency: 1_000 });
      let sent = 0;
      const send = async (): Promise<CallVerdict> => {
        sent++;
        return FINE;
      };
      const feeder = (async () => {
        for (let i = 0; i < 100; i++) await start(gate, send);
      })();
      await jest.advanceTimersByTimeAsync(0);
      expect(gate.pausedForMs()).toBeGreaterThan(0);
      for (const seconds of [1, 2, 3]) {
        await jest.advanceTimersByTimeAsync(1_000);
        expect(Math.abs(sent - seconds * 10)).toBeLessThanOrEqual(2);
      }
      const held = new Held();
      await start(gate, held.call, { isMetered: false });
      expect(held.calls).toBe(1);
      await jest.advanceTimersByTimeAsync(10_000);
      await feeder;
      await jest.advanceTimersByTimeAsync(1_000);
      expect([sent, gate.pausedForMs()]).toEqual([100, 0]);
    });

    it('holds back no question, neither before it is asked nor from its place', async () => {
      const gate = gateWith({ ratePerSecond: 1, concurrency: 1 });
      await callOnce(gate, FINE);
      const waiting = start(gate, async () => FINE);
      await jest.advanceTimersByTimeAsync(0);
      expect(gate.pausedForMs()).toBeGreaterThan(0);
      expect(gate.pausedForMs(false)).toBe(0);
      const held = new Held();
      expect(started(await start(gate, held.call, { isMetered: false }))).toBe(true);
      await held.end();
      await jest.advanceTimersByTimeAsync(1_000);
      expect(started(await waiting)).toBe(true);
    });

    it('is waited for no longer than the window', async () => {
      const gate = gateWith({ ratePerSecond: 1 });
      const held = new Held();
      await start(gate, held.call);
      const window = new AbortController();
      const waiting = start(gate, held.call, { signal: window.signal });
      await jest.advanceTimersByTimeAsync(100);
      window.abort();
      await expect(waiting).resolves.toMatchObject({ refused: 'window_closed' });
      expect(gate.callsUnderWay).toBe(1);
    });
  });

  it('gives the place back when a call fails in a way nobody foresaw', async () => {
    const gate = gateWith({ concurrency: 1 });
    const answer = await start(gate, () => Promise.reject(new Error('bug')));
    await expect('result' in answer && answer.result).rejects.toThrow('bug');
    expect([gate.callsUnderWay, started(await start(gate, async () => FINE))]).toEqual([0, true]);
  });
});
