import fc from 'fast-check';
import type { FollowUp, Move } from './line.js';
import { planRecord } from './plan-record.js';
import { storedStatus, TRANSFER_STATUSES, transferStates } from './transfer.state.js';

const PARENT = { id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e', rail: 'sandbox', lineCount: 100 };
const AGAIN: FollowUp = { purpose: 'submit', tries: 1, deaths: 0, dueInMs: 500, size: null };

function move(line: number, values: Partial<Move> = {}): Move {
  return {
    line: { id: `line-${line}`, line, status: 'pending', attempts: 0, possiblySent: false, amountMinor: 100n },
    from: 'submitting',
    to: 'settled',
    source: 'submission',
    attempts: 1,
    possiblySent: true,
    code: null,
    detail: null,
    railId: null,
    followUp: null,
    ...values,
  };
}

describe('the plan of a record', () => {
  it('captures what was paid and releases what was not', () => {
    const plan = planRecord(
      [move(0), move(1, { to: 'failed' }), move(2, { from: 'pending', to: 'cancelled' }), move(3)],
      PARENT,
    );
    expect(plan).toMatchObject({ capturedMinor: 200n, releasedMinor: 200n, chunks: [] });
    expect(plan.tally).toEqual({
      counts: { pending: -4, settled: 2, failed: 1, cancelled: 1 },
      amountsMinor: { settled: 200n, failed: 100n, cancelled: 100n },
    });
  });

  it('takes a return out of what was settled, and touches no hold: that money had left it', () => {
    const plan = planRecord([move(0, { from: 'settled', to: 'returned' })], PARENT);
    expect(plan).toMatchObject({ capturedMinor: 0n, releasedMinor: 0n });
    expect(plan.tally).toEqual({
      counts: { settled: -1, returned: 1 },
      amountsMinor: { settled: -100n, returned: 100n },
    });
  });

  it('counts nothing where no stored state changes', () => {
    const plan = planRecord([move(0, { to: 'pending', followUp: AGAIN })], PARENT);
    expect(plan.tally).toEqual({ counts: {}, amountsMinor: {} });
  });

  it('keeps lines with the same future together, in their order, as children of their chunk', () => {
    const retry = { to: 'pending', followUp: AGAIN } as const;
    const ask = { to: 'in_doubt', followUp: { ...AGAIN, purpose: 'inquire' } } as const;
    const plan = planRecord([move(3, retry), move(5, ask), move(9, retry), move(11)], PARENT);
    expect(plan.chunks).toMatchObject([
      { purpose: 'submit', lineFrom: 3, lineTo: 9, lineCount: 2, tries: 1, dueInMs: 500, parentId: PARENT.id },
      { purpose: 'inquire', lineFrom: 5, lineTo: 5, lineCount: 1, rail: 'sandbox' },
    ]);
    expect(plan.chunkOf.get('line-3')).toBe(plan.chunks[0]?.id);
    expect(plan.chunkOf.get('line-5')).toBe(plan.chunks[1]?.id);
    expect(plan.chunkOf.has('line-11')).toBe(false);
  });

  it('cuts a follow-up into chunks of its size', () => {
    const followUp = { ...AGAIN, size: 2 };
    const plan = planRecord(
      [0, 1, 2, 3, 4].map((line) => move(line, { to: 'pending', followUp })),
      PARENT,
    );
    expect(plan.chunks.map((chunk) => [chunk.lineFrom, chunk.lineTo, chunk.lineCount])).toEqual([
      [0, 1, 2],
      [2, 3, 2],
      [4, 4, 1],
    ]);
  });

  it('refuses a move the graph of states does not have', () => {
    expect(() => planRecord([move(0, { from: 'failed', to: 'settled' })], PARENT)).toThrow(
      expect.objectContaining({ code: 'invariant_violated' }) as Error,
    );
  });
});

it('deaths shared with others are not held against a line that is alone from now on', () => {
  const followUp: FollowUp = { ...AGAIN, deaths: 2 };
  const moves = [move(0, { to: 'in_doubt', followUp }), move(1, { to: 'in_doubt', followUp })];
  const deathsOf = (taken: Move[], lineCount: number) =>
    planRecord(taken, { ...PARENT, lineCount }).chunks.map((chunk) => chunk.deaths);
  expect(deathsOf(moves, 10)).toEqual([2]);
  expect(deathsOf(moves.slice(0, 1), 10)).toEqual([0]);
  expect(deathsOf(moves.slice(0, 1), 1)).toEqual([2]);
});

/** Any moves the graph has, of different lines; open ones go to some follow-up. */
const ways = TRANSFER_STATUSES.flatMap((from) =>
  TRANSFER_STATUSES.filter((to) => transferStates.canMove(from, to)).map((to) => ({ from, to })),
);
const followUps: fc.Arbitrary<FollowUp> = fc.record({
  purpose: fc.constantFrom('submit', 'inquire', 'confirm'),
  tries: fc.nat({ max: 2 }),
  deaths: fc.nat({ max: 1 }),
  dueInMs: fc.constantFrom(0, 500),
  size: fc.option(fc.integer({ min: 1, max: 4 })),
});
const moves: fc.Arbitrary<Move[]> = fc
  .array(fc.tuple(fc.constantFrom(...ways), followUps, fc.bigInt({ min: 1n, max: 10n ** 15n })), { maxLength: 40 })
  .map((drawn) =>
    drawn.map(([way, followUp, amountMinor], line) => {
      const isOpen = !transferStates.isTerminal(way.to) && way.to !== 'manual_review';
      const planned = move(line, { ...way, followUp: isOpen ? followUp : null });
      return { ...planned, line: { ...planned.line, amountMinor } };
    }),
  );

const sum = (values: Iterable<number | undefined>) => [...values].reduce<number>((total, one) => total + (one ?? 0), 0);
const sumMinor = (planned: Move[]) => planned.reduce((total, one) => total + one.line.amountMinor, 0n);

describe('whatever moves are recorded', () => {
  it('no line is lost or doubled in the counts, and each status gains what came and loses what went', () => {
    fc.assert(
      fc.property(moves, (planned) => {
        const { counts } = planRecord(planned, PARENT).tally;
        expect(sum(Object.values(counts))).toBe(0);
        for (const status of TRANSFER_STATUSES.filter((one) => one !== 'submitting')) {
          const came = planned.filter((one) => storedStatus(one.to) === status).length;
          const went = planned.filter((one) => storedStatus(one.from) === status).length;
          expect(counts[status] ?? 0).toBe(came - went);
        }
      }),
    );
  });

  it('what leaves the hold is what lines ended with', () => {
    fc.assert(
      fc.property(moves, (planned) => {
        const { capturedMinor, releasedMinor, tally } = planRecord(planned, PARENT);
        expect(capturedMinor).toBe(sumMinor(planned.filter((one) => one.to === 'settled')));
        expect(releasedMinor).toBe(sumMinor(planned.filter((one) => one.to === 'failed' || one.to === 'cancelled')));
        const { settled = 0n, returned = 0n, failed = 0n, cancelled = 0n } = tally.amountsMinor;
        expect(settled + returned).toBe(capturedMinor);
        expect(failed + cancelled).toBe(releasedMinor);
      }),
    );
  });

  it('every line with a future is in exactly one new chunk, which covers it and knows how many it has', () => {
    fc.assert(
      fc.property(moves, (planned) => {
        const { chunks, chunkOf } = planRecord(planned, PARENT);
        const going = planned.filter((one) => one.followUp !== null);
        expect([...chunkOf.keys()].sort()).toEqual(going.map((one) => one.line.id).sort());
        expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(chunks.length);
        for (const chunk of chunks) {
          const own = going.filter((one) => chunkOf.get(one.line.id) === chunk.id);
          const lines = own.map((one) => one.line.line);
          expect(own.length).toBe(chunk.lineCount);
          expect(chunk.lineCount).toBeGreaterThan(0);
          expect([Math.min(...lines), Math.max(...lines)]).toEqual([chunk.lineFrom, chunk.lineTo]);
          const { purpose, tries, deaths, dueInMs, lineCount } = chunk;
          expect(own.every((one) => (one.followUp?.size ?? Infinity) >= chunk.lineCount)).toBe(true);
          for (const one of own)
            expect(one.followUp).toMatchObject({ purpose, tries, dueInMs, ...(lineCount > 1 && { deaths }) });
        }
        expect(sum(chunks.map((chunk) => chunk.lineCount))).toBe(going.length);
      }),
    );
  });
});
