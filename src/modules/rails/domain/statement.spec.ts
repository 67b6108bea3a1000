import fc from 'fast-check';
import { readBooking, StatementUnreadable } from './statement-booking.js';
import { StatementReader } from './statement-reader.js';

const line = {
  rail_id: 'B-1',
  reference: '0198f2c17f3a7c318b0e1d2f3a4b5c6e',
  amount: '100.00',
  currency: 'EUR',
  status: 'settled',
  booked_at: '2026-03-01T12:00:00.123Z',
};

describe('a line of a statement', () => {
  it('is a booking, in minor units of its currency', () => {
    expect(readBooking({ ...line, extra: 1 }, 0)).toEqual({
      railId: 'B-1',
      reference: line.reference,
      amountMinor: 10_000n,
      currency: 'EUR',
      status: 'settled',
      bookedAt: new Date('2026-03-01T12:00:00.123Z'),
    });
    expect(readBooking({ ...line, amount: '1.001', currency: 'KWD', status: 'returned' }, 0)).toMatchObject({
      amountMinor: 1_001n,
      status: 'returned',
    });
    expect(readBooking({ ...line, booked_at: '2026-03-01T13:00:00+01:00' }, 0).bookedAt).toEqual(
      new Date('2026-03-01T12:00:00Z'),
    );
  });

  it.each<[string, unknown]>([
    ['rail_id', ''],
    ['rail_id', null],
    ['rail_id', 'x'.repeat(256)],
    ['rail_id', 'a\u0000'],
    ['reference', undefined],
    ['reference', 17],
    ['currency', 'XXX'],
    ['currency', 'eur'],
    ['amount', 100],
    ['amount', '100.001'],
    ['amount', '0.00'],
    ['amount', '-1.00'],
    ['amount', '1e3'],
    ['status', 'accepted'],
    ['status', ['settled']],
    ['booked_at', '2026-03-01'],
    ['booked_at', '2026-03-01T12:00:00'],
    ['booked_at', '2026-13-01T12:00:00Z'],
    ['booked_at', 1_772_366_400],
  ])('without a usable %s (%j) is named by its index', (field, value) => {
    const read = () => readBooking({ ...line, [field]: value }, 17);
    expect(read).toThrow(new StatementUnreadable(`line 17 has no usable ${field}`));
  });

  it.each([null, undefined, 1, 'line', [], [line]])('is no %j', (value) => {
    expect(() => readBooking(value, 3)).toThrow(/line 3 /);
  });
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Reads a body that arrives in parts of these sizes, over and over. */
function read(body: Uint8Array, sizes: readonly number[] = [body.length]): unknown[] {
  const reader = new StatementReader();
  const lines: unknown[] = [];
  for (let start = 0, turn = 0; start < body.length; turn++) {
    const size = Math.max(1, sizes[turn % sizes.length] ?? 1);
    lines.push(...reader.push(body.subarray(start, start + size)));
    start += size;
  }
  reader.end();
  return lines;
}

const jsonObject = fc
  .dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue())
  .map((object) => JSON.parse(JSON.stringify(object)) as object);

describe('a statement', () => {
  it('is read alike in whatever parts it arrives, whatever is in its lines and around them', () => {
    const statement = fc.record({
      before: fc.jsonValue(),
      lines: fc.array(jsonObject),
      'x"lines': fc.array(fc.jsonValue()),
      after: fc.jsonValue(),
    });
    const spacing = fc.constantFrom(0, 1, '\t');
    fc.assert(
      fc.property(
        statement,
        spacing,
        fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
        (value, space, sizes) => {
          expect(read(bytesOf(JSON.stringify(value, null, space)), sizes)).toEqual(value.lines);
        },
      ),
      { numRuns: 100 },
    );
  });

  it.each(['{"lines":[]}', ' { "total" : 0 , "lines" : [ ] } ', '{"page":{"lines":[{"a":1}]},"lines":[]}'])(
    'may be empty: %s',
    (text) => expect(read(bytesOf(text))).toEqual([]),
  );

  it.each([
    '',
    'null',
    '[]',
    '{}',
    '{"lines":null}',
    '{"lines":{}}',
    '{"lines":[0]}',
    '{"lines":[0,{}]}',
    '{"lines":[null]}',
    '{"lines":[[{}]]}',
    '{"lines":[{} {}]}',
    '{"lines":[{},]}',
    '{"lines":[{}]',
    '{"lines":[{}',
    '{"lines":[{"a":1]}',
    '{"lines":[{"a":1}}',
    '{"lines":[{"a":}]}',
    '{"lines":[{}]}{"lines":[{}]}',
    '{"lines":[{}],"lines":[{}]}',
    '{"\\u006cines":[{}]}',
    '[{"lines":[{}]}]',
    'lines',
    '<html>',
  ])('is not read from %s', (text) => {
    expect(() => read(bytesOf(text), [3])).toThrow(StatementUnreadable);
  });

  it('is cut off nowhere unnoticed', () => {
    const whole = bytesOf(JSON.stringify({ lines: [line, { ...line, rail_id: 'Ümlaut "]}' }], more: 'x' }));
    for (let length = 0; length < whole.length; length++) {
      expect(() => read(whole.subarray(0, length))).toThrow(StatementUnreadable);
    }
    expect(read(whole)).toHaveLength(2);
  });

  it('names the line that is not JSON, not UTF-8, or endless', () => {
    expect(() => read(bytesOf('{"lines":[{},{},{"a":nul}]}'))).toThrow('line 2 is not JSON');
    const broken = bytesOf('{"lines":[{},{"a":"?"}]}');
    broken[broken.indexOf(0x3f)] = 0xff;
    expect(() => read(broken)).toThrow(/not UTF-8, in or before line 1/);
    expect(() => read(bytesOf(`{"lines":[{"a":"${'x'.repeat(70_000)}"}]}`), [1_000])).toThrow('line 0 is too long');
  });
});
