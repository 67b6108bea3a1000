import fc from 'fast-check';
import { decodeCursor, encodeCursor } from './cursor.js';

const ID = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';

describe('cursors', () => {
  it('give back the parts they were made of', () => {
    fc.assert(
      fc.property(fc.uuid({ version: 7 }), fc.maxSafeNat(), fc.string({ maxLength: 50 }), (id, line, text) => {
        fc.pre(!text.includes('\0'));
        expect(decodeCursor(encodeCursor([id, line, text]), ['uuid', 'integer', 'string'])).toEqual([id, line, text]);
      }),
    );
  });

  it('are nothing a caller can make up', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(() => decodeCursor(text, ['uuid'])).toThrow(
          expect.objectContaining({ code: 'invalid_cursor' }) as Error,
        );
      }),
    );
  });

  it.each<[string, string]>([
    ['of another list', encodeCursor([ID, 5])],
    ['with a part missing', encodeCursor([])],
    ['with a number for an id', encodeCursor([5])],
    ['with an id that is none', encodeCursor(['abc'])],
    ['that is no list', Buffer.from(`{"0":"${ID}","length":1}`).toString('base64url')],
    ['spelled another way', `${encodeCursor([ID])}=`],
    ['with spaces in it', Buffer.from(`[ "${ID}" ]`).toString('base64url')],
    ['that is empty', ''],
  ])('are refused %s', (_, cursor) => {
    expect(() => decodeCursor(cursor, ['uuid'])).toThrow(
      expect.objectContaining({ kind: 'invalid', code: 'invalid_cursor' }) as Error,
    );
  });

  it.each([-1, 1.5, 2 ** 60])('hold no number that is none of ours: %d', (number) => {
    expect(() => decodeCursor(encodeCursor([number]), ['integer'])).toThrow('cursor');
  });

  it.each(['x'.repeat(256), 'a\0b'])('hold no text the database would choke on', (text) => {
    expect(() => decodeCursor(encodeCursor([text]), ['string'])).toThrow('cursor');
  });
});
