import fc from 'fast-check';
import { chunkSize, shrunkSize, slices } from './chunk.js';

describe('the size of chunks', () => {
  it.each([
    [1, 100],
    [4_999, 100],
    [5_000, 500],
    [100_000, 500],
  ])('for %i transfers is %i: fewer in doubt after a crash, or faster', (transfers, size) => {
    expect(chunkSize(transfers, undefined)).toBe(size);
  });

  it('is what the configuration says, when it says something', () => {
    expect(chunkSize(1, 7)).toBe(7);
    expect(chunkSize(100_000, 7)).toBe(7);
  });

  it('shrinks to a tenth with every resend, down to one line and never to none', () => {
    expect([500, 100, 99, 19, 10, 9, 1].map(shrunkSize)).toEqual([50, 10, 9, 1, 1, 1, 1]);
  });
});

describe('slices', () => {
  it('hold every item once, in order, none but the last one short', () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), fc.integer({ min: 1, max: 20 }), (items, size) => {
        const parts = slices(items, size);
        expect(parts.flat()).toEqual(items);
        expect(parts.slice(0, -1).every((part) => part.length === size)).toBe(true);
        expect(parts.every((part) => part.length > 0 && part.length <= size)).toBe(true);
      }),
    );
  });
});
