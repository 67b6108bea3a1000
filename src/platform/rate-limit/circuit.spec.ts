import { Circuit } from './circuit.js';

const never = (): Promise<never> => new Promise(() => undefined);

describe('Circuit', () => {
  const changes: boolean[] = [];
  const circuit = (pauseMs: number): Circuit => new Circuit(10, pauseMs, (isOpen) => changes.push(isOpen));
  beforeEach(() => (changes.length = 0));

  it('passes on what is answered in time', async () => {
    expect(await circuit(1_000).ask(async () => 7)).toBe(7);
    expect(changes).toEqual([]);
  });

  it.each([never, () => Promise.reject(new Error('away'))])(
    'asks nobody else after a failure, for a while',
    async (fail) => {
      const asked = circuit(60_000);
      const work = jest.fn(async () => 7);
      expect(await asked.ask<number>(fail)).toBeNull();
      expect(await asked.ask(work)).toBeNull();
      expect(work).not.toHaveBeenCalled();
      expect([asked.isOpen, changes]).toEqual([true, [true]]);
    },
  );

  it('lets one ask after the pause, and closes when that is answered', async () => {
    const asked = circuit(0);
    await asked.ask(never);
    expect(await asked.ask(async () => 7)).toBe(7);
    expect([asked.isOpen, changes]).toEqual([false, [true, false]]);
  });

  it('takes an answer that arrived while the process was busy', async () => {
    const answer = circuit(1_000).ask(() => new Promise((resolve) => setImmediate(() => resolve('there'))));
    const busyUntil = performance.now() + 30;
    while (performance.now() < busyUntil);
    expect(await answer).toBe('there');
  });
});
