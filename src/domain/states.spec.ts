import fc from 'fast-check';
import { defineStates } from './states.js';

const payment = defineStates({
  initial: 'pending',
  transitions: {
    pending: ['sent', 'cancelled'],
    sent: ['settled', 'failed', 'pending'],
    settled: ['returned'],
    failed: [],
    cancelled: [],
    returned: [],
  },
  terminal: ['settled', 'failed', 'cancelled', 'returned'],
});

const invariant = expect.objectContaining({ kind: 'invariant', code: 'invariant_violated' }) as Error;

describe('a state machine', () => {
  it('lists its states in the order of the table', () => {
    expect(payment.states).toEqual(['pending', 'sent', 'settled', 'failed', 'cancelled', 'returned']);
    expect(payment.initial).toBe('pending');
  });

  it('allows the moves of the table and no others', () => {
    expect(payment.canMove('sent', 'pending')).toBe(true);
    expect(payment.canMove('settled', 'returned')).toBe(true);
    expect(payment.canMove('pending', 'settled')).toBe(false);
    expect(payment.canMove('pending', 'pending')).toBe(false);
    expect(payment.canMove('failed', 'pending')).toBe(false);
    expect(payment.canMove('lost' as 'sent', 'settled')).toBe(false);
  });

  it('treats a wrong move as a bug, not as bad input', () => {
    expect(() => payment.assertMove('failed', 'settled')).toThrow(invariant);
    expect(() => payment.assertMove('sent', 'settled')).not.toThrow();
  });

  it('knows from where a state can be reached', () => {
    expect(payment.sourcesOf('pending')).toEqual(['sent']);
    expect(payment.sourcesOf('returned')).toEqual(['settled']);
    expect(payment.sourcesOf('sent')).toEqual(['pending']);
  });

  it('knows what is terminal', () => {
    expect(payment.states.filter((state) => !payment.isTerminal(state))).toEqual(['pending', 'sent']);
  });
});

describe('a state table', () => {
  // Typed as plain strings: the compiler would already refuse most of these.
  const define =
    (transitions: Record<string, string[]>, terminal: string[], initial = 'a') =>
    () =>
      defineStates<string>({ initial, transitions, terminal });

  it.each([
    ['a move to a state it does not list', define({ a: ['b', 'typo'], b: [] }, ['b']), 'typo'],
    ['an initial state it does not list', define({ a: ['b'], b: [] }, ['b'], 'start'), 'start'],
    ['a terminal state it does not list', define({ a: ['b'], b: [] }, ['b', 'end']), 'end'],
    ['a state nobody reaches', define({ a: ['b'], b: [], island: ['b'] }, ['b']), 'island'],
    ['a dead end that is not terminal', define({ a: ['b', 'trap'], b: [], trap: [] }, ['b']), 'trap'],
    ['a circle without exit', define({ a: ['b', 'c'], b: [], c: ['d'], d: ['c'] }, ['b']), 'c, d'],
    ['no terminal state at all', define({ a: ['b'], b: ['a'] }, []), 'a, b'],
    ['a move from the end back into life', define({ a: ['b'], b: ['a'] }, ['b']), 'b > a'],
  ])('is refused for %s, and named', (_, definition, offender) => {
    expect(definition).toThrow(invariant);
    expect(definition).toThrow(`: ${offender}.`);
  });

  it('is accepted exactly when every state is reached, every state can end, and the end is final', () => {
    const names = ['a', 'b', 'c', 'd'];
    const someStates = fc.subarray(names);
    const table = fc.record({ a: someStates, b: someStates, c: someStates, d: someStates });
    fc.assert(
      fc.property(table, someStates, (transitions: Record<string, string[]>, terminal) => {
        const reaches = pathsOf(names, transitions);
        const sound =
          names.every((state) => reaches('a', state)) &&
          names.every((state) => terminal.some((end) => reaches(state, end))) &&
          terminal.every((end) => transitions[end]?.every((next) => terminal.includes(next)));
        const definition = define(transitions, terminal);
        if (sound) expect(definition).not.toThrow();
        else expect(definition).toThrow(invariant);
      }),
      { numRuns: 2000 },
    );
  });
});

/** Which state leads to which over any number of moves (Warshall), none included. */
function pathsOf(names: readonly string[], transitions: Record<string, string[]>): (a: string, b: string) => boolean {
  const paths = new Set(names.flatMap((a) => [a, ...(transitions[a] ?? [])].map((b) => `${a}${b}`)));
  for (const via of names)
    for (const a of names)
      for (const b of names) if (paths.has(`${a}${via}`) && paths.has(`${via}${b}`)) paths.add(`${a}${b}`);
  return (a, b) => paths.has(`${a}${b}`);
}
