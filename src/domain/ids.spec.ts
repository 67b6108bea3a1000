import fc from 'fast-check';
import { DomainError } from './errors.js';
import { createIdSource, isUuid, minIdAt, newId, railReference, transferIdOf } from './ids.js';

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

const timeMsOf = (id: string): number => parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
const filledWith = (byte: number) => (bytes: Uint8Array) => void bytes.fill(byte);
const isAscending = (ids: readonly string[]): boolean => ids.every((id, i) => i === 0 || (ids[i - 1] ?? '') < id);
const many = (count: number, source: () => string): string[] => Array.from({ length: count }, () => source());

describe('newId', () => {
  it('makes UUIDv7 in ascending order, also many in one millisecond', () => {
    const ids = many(20_000, newId);
    expect(ids.filter((id) => !UUID_V7.test(id))).toEqual([]);
    expect(isAscending(ids)).toBe(true);
  });

  it('does not repeat its random part', () => {
    expect(new Set(many(20_000, newId).map((id) => id.slice(19))).size).toBe(20_000);
  });
});

describe('an id source', () => {
  it('starts with the time of its clock', () => {
    const source = createIdSource({ nowMs: () => 1645557742000, fillRandom: filledWith(0) });
    // The timestamp of the example in RFC 9562, appendix A.6.
    expect(source()).toBe('017f22e2-79b0-7000-8000-000000000000');
    expect(source()).toBe('017f22e2-79b0-7001-8000-000000000000');
  });

  it('fills every bit that is not time, version, variant or headroom with randomness', () => {
    const source = createIdSource({ nowMs: () => 0, fillRandom: filledWith(0xff) });
    expect(source()).toBe('00000000-0000-77ff-bfff-ffffffffffff');
  });

  it('never uses a random byte for two ids', () => {
    let next = 0n;
    const fillRandom = (bytes: Uint8Array): void => {
      for (let at = 0; at < bytes.length; at += 10) new DataView(bytes.buffer).setBigUint64(at, next++);
    };
    const tails = many(5000, createIdSource({ nowMs: () => 7, fillRandom })).map((id) => id.slice(19));
    expect(new Set(tails).size).toBe(5000);
  });

  it('borrows the next millisecond when the counter of one is used up', () => {
    const source = createIdSource({ nowMs: () => 1000, fillRandom: filledWith(0xff) });
    const ids = many(2049 + 1, source);
    expect(ids.slice(0, 2049).every((id) => timeMsOf(id) === 1000)).toBe(true);
    expect(ids[2048]).toBe('00000000-03e8-7fff-bfff-ffffffffffff');
    expect(ids[2049]).toBe('00000000-03e9-77ff-bfff-ffffffffffff');
  });

  it('waits in its last millisecond for a clock that stepped back', () => {
    const clock = [1000, 400, 999, 1000, 1001];
    const source = createIdSource({ nowMs: () => clock.shift() ?? 0, fillRandom: filledWith(0) });
    expect(many(6, source).map(timeMsOf)).toEqual([1000, 1000, 1000, 1000, 1001, 1001]);
  });

  it('stays in order when the clock stands still, jumps or steps back', () => {
    const clockAndBytes = fc.array(fc.tuple(fc.nat(3), fc.nat(255)), { minLength: 2, maxLength: 50 });
    fc.assert(
      fc.property(clockAndBytes, fc.nat(2 ** 40), (steps, startMs) => {
        let at = 0;
        const source = createIdSource({
          nowMs: () => startMs + (steps[Math.floor(at++ / 200) % steps.length]?.[0] ?? 0),
          fillRandom: (bytes) => void bytes.fill(steps[at % steps.length]?.[1] ?? 0),
        });
        expect(isAscending(many(steps.length * 200, source))).toBe(true);
      }),
      { numRuns: 30 },
    );
  });
});

describe('minIdAt', () => {
  it('is not above any id of its millisecond, and above every id before it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 48 - 1 }), fc.nat(255), (timeMs, byte) => {
        const idOf = (ms: number): string => createIdSource({ nowMs: () => ms, fillRandom: filledWith(byte) })();
        const bound = minIdAt(timeMs);
        expect(bound).toMatch(UUID_V7);
        expect(bound <= idOf(timeMs)).toBe(true);
        expect(bound > idOf(timeMs - 1)).toBe(true);
      }),
    );
  });

  it('bounds instants that no UUIDv7 can express', () => {
    expect(minIdAt(-62135596800000)).toBe('00000000-0000-7000-8000-000000000000');
    expect(minIdAt(8.64e15)).toBe('ffffffff-ffff-7000-8000-000000000000');
  });

  it.each([NaN, Infinity, 1.5])('refuses %s, which is no instant', (timeMs) => {
    expect(() => minIdAt(timeMs)).toThrow(DomainError);
  });
});

describe('isUuid', () => {
  it('accepts every version of RFC 9562 in either case', () => {
    fc.assert(
      fc.property(fc.uuid({ version: [1, 2, 3, 4, 5, 6, 7, 8] }), (id) => {
        expect(isUuid(id)).toBe(true);
        expect(isUuid(id.toUpperCase())).toBe(true);
      }),
    );
    expect(isUuid('123e4567-e89b-12d3-a456-426614174000')).toBe(true);
  });

  it.each([
    ...['00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff', '', 'null'],
    ...['123e4567-e89b-02d3-a456-426614174000', '123e4567-e89b-92d3-a456-426614174000'],
    ...['123e4567-e89b-12d3-7456-426614174000', '123e4567-e89b-12d3-c456-426614174000'],
    ...['123e4567e89b12d3a456426614174000', '{123e4567-e89b-12d3-a456-426614174000}'],
    ...['123e4567-e89b-12d3-a456-42661417400', '123e4567-e89b-12d3-a456-4266141740000'],
    ...[
      '123e4567-e89b-12d3-a456-426614174000\n',
      ' 123e4567-e89b-12d3-a456-426614174000',
      '123g4567-e89b-12d3-a456-426614174000',
    ],
  ])('refuses %j', (text) => {
    expect(isUuid(text)).toBe(false);
  });
});

describe('a rail reference', () => {
  it('is the id without dashes, within Max35Text, and leads back to it', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.boolean(), (id, upperCase) => {
        const reference = railReference(upperCase ? id.toUpperCase() : id);
        expect(reference).toBe(id.replaceAll('-', ''));
        expect(reference.length).toBeLessThanOrEqual(35);
        expect(transferIdOf(reference)).toBe(id);
        expect(transferIdOf(reference.toUpperCase())).toBe(id);
      }),
    );
  });

  it.each([
    ...['', 'NOTPROVIDED', '017f22e2-79b0-7cc3-98c4-dc0c0c07398f', '017f22e279b07cc398c4dc0c0c07398'],
    ...['017f22e279b07cc398c4dc0c0c07398ff', 'INVOICE-2026-0000000000000000042', '0'.repeat(32), ' '.repeat(32)],
  ])('of somebody else is nobody here: %j', (reference) => {
    expect(transferIdOf(reference)).toBeNull();
  });

  it.each(['', 'abc', '017f22e279b07cc398c4dc0c0c07398f'])('is never made from %j', (text) => {
    expect(() => railReference(text)).toThrow(DomainError);
  });
});
