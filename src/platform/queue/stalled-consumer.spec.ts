import { type ConsumerLook, type Idling, idlingAfter, isStalled } from './stalled-consumer.js';

/** A look every three seconds, each as given; whether it is stalled after the last one. */
function stalledAfter(looks: readonly Partial<ConsumerLook>[], everyMs = 3_000): boolean {
  const idling = looks.reduce<Idling | null>(
    (before, look, index) =>
      idlingAfter(before, { atMs: index * everyMs, waiting: 5, taken: 7, hasRoom: true, ...look }),
    null,
  );
  return idling !== null && isStalled(idling);
}
const looks = (count: number, look: Partial<ConsumerLook> = {}) => Array.from({ length: count }, () => look);

describe('a consumer is stalled', () => {
  it('when jobs waited, there was room and nothing was taken for 15 s', () => {
    expect(stalledAfter(looks(6))).toBe(true);
  });

  it('not a moment sooner', () => {
    expect(stalledAfter(looks(5))).toBe(false);
    expect(stalledAfter(looks(4), 4_999)).toBe(false);
    expect(stalledAfter(looks(4), 5_000)).toBe(true);
  });

  it('also when other jobs have come to wait meanwhile', () => {
    expect(stalledAfter([1, 3, 2, 8, 100, 1].map((waiting) => ({ waiting })))).toBe(true);
  });
});

describe('a consumer is not stalled', () => {
  it('when nothing waits', () => {
    expect(stalledAfter(looks(100, { waiting: 0 }))).toBe(false);
  });

  it('when it is full, however long its jobs take', () => {
    expect(stalledAfter(looks(100, { hasRoom: false }))).toBe(false);
  });

  it('when it takes one job now and then', () => {
    expect(stalledAfter(Array.from({ length: 100 }, (_, index) => ({ taken: Math.floor(index / 4) })))).toBe(false);
  });

  it.each<[string, Partial<ConsumerLook>]>([
    ['the queue was empty', { waiting: 0 }],
    ['it was full', { hasRoom: false }],
  ])('when %s in between: the time counts from then on', (_, inBetween) => {
    expect(stalledAfter([...looks(5), inBetween, ...looks(5)])).toBe(false);
    expect(stalledAfter([...looks(5), inBetween, ...looks(6)])).toBe(true);
  });

  it('when the process itself was stopped: it could take nothing, and looked at nothing', () => {
    expect(stalledAfter([...looks(3), { atMs: 60_000 }])).toBe(false);
    const awakeAgain = Array.from({ length: 5 }, (_, index) => ({ atMs: 60_000 + index * 3_000 }));
    expect(stalledAfter([...looks(3), ...awakeAgain])).toBe(false);
    expect(stalledAfter([...looks(3), ...awakeAgain, { atMs: 75_000 }])).toBe(true);
  });
});
