import type { Wake, WakeTopic } from '../queue/wake.js';
import { setLogLevel } from '../logging/index.js';
import { Loops } from './loops.js';

const INTERVAL_MS = 1_000;

/** A wake-up that only this test gives. */
function fakeWake(): { wake: Wake; notify: () => void } {
  const listeners: { topic: WakeTopic; listener: () => void }[] = [];
  const wake = {
    listen: (topic: WakeTopic, listener: () => void) => listeners.push({ topic, listener }),
  } as unknown as Wake;
  return {
    wake,
    notify: () => listeners.filter(({ topic }) => topic === 'chunks').forEach(({ listener }) => listener()),
  };
}

/** A loop whose turns the test ends itself. */
class ControlledLoop {
  started = 0;
  private end: ((again: boolean) => void) | undefined;
  readonly name = 'controlled';
  readonly intervalMs = INTERVAL_MS;

  constructor(readonly wakesOn: WakeTopic | null = 'chunks') {}

  run(): Promise<boolean> {
    this.started++;
    return new Promise((resolve) => (this.end = resolve));
  }

  async endTurn(again = false): Promise<void> {
    this.end?.(again);
    await jest.advanceTimersByTimeAsync(0);
  }
}

describe('the loops of a worker', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  const started = (loop: ControlledLoop) => {
    const { wake, notify } = fakeWake();
    const loops = new Loops(wake);
    loops.add(loop);
    loops.start();
    return { loops, notify };
  };

  it('run at once when they start, and then once an interval', async () => {
    const loop = new ControlledLoop();
    started(loop);
    expect(loop.started).toBe(1);
    await loop.endTurn();
    await jest.advanceTimersByTimeAsync(INTERVAL_MS - 1);
    expect(loop.started).toBe(1);
    await jest.advanceTimersByTimeAsync(1);
    expect(loop.started).toBe(2);
  });

  it('run again at once while there is more to do', async () => {
    const loop = new ControlledLoop();
    started(loop);
    await loop.endTurn(true);
    await loop.endTurn(true);
    expect(loop.started).toBe(3);
  });

  it('never run twice at the same time; a wake-up meanwhile is not lost, and many are one', async () => {
    const loop = new ControlledLoop();
    const { notify } = started(loop);
    notify();
    notify();
    await jest.advanceTimersByTimeAsync(10 * INTERVAL_MS);
    expect(loop.started).toBe(1);
    await loop.endTurn();
    expect(loop.started).toBe(2);
    await loop.endTurn();
    expect(loop.started).toBe(2);
  });

  it('are woken out of their interval, and wait a whole one afterwards', async () => {
    const loop = new ControlledLoop();
    const { notify } = started(loop);
    await loop.endTurn();
    await jest.advanceTimersByTimeAsync(INTERVAL_MS - 1);
    notify();
    expect(loop.started).toBe(2);
    await loop.endTurn();
    await jest.advanceTimersByTimeAsync(INTERVAL_MS - 1);
    expect(loop.started).toBe(2);
  });

  it('keep to their interval when they do not ask to be woken', async () => {
    const loop = new ControlledLoop(null);
    const { notify } = started(loop);
    await loop.endTurn();
    notify();
    expect(loop.started).toBe(1);
  });

  it('outlive a turn that fails', async () => {
    setLogLevel('silent');
    const { wake } = fakeWake();
    const loops = new Loops(wake);
    const run = jest.fn().mockRejectedValueOnce(new Error('no connection')).mockResolvedValue(false);
    loops.add({ name: 'failing', intervalMs: INTERVAL_MS, wakesOn: null, run });
    loops.start();
    await jest.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(run).toHaveBeenCalledTimes(2);
    await loops.beforeApplicationShutdown();
  });

  it('let the turn under way end before the process does, and begin no other', async () => {
    const loop = new ControlledLoop();
    const { loops, notify } = started(loop);
    let hasStopped = false;
    const stopping = loops.beforeApplicationShutdown().then(() => (hasStopped = true));
    await jest.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(hasStopped).toBe(false);
    await loop.endTurn(true);
    await stopping;
    notify();
    await jest.advanceTimersByTimeAsync(INTERVAL_MS);
    expect(loop.started).toBe(1);
  });
});
