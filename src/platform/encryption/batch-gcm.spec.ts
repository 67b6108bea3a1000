import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { BatchGcm } from './batch-gcm.js';
import { FieldCipher } from './field-cipher.js';
import { KeyRing } from './key-ring.js';
import { NONCE_AT, TAG_BYTES, TEXT_AT } from './sealed-layout.js';
import type { UnsealableCode } from './unsealable.js';

const ringOf = (...secrets: Buffer[]): KeyRing =>
  new KeyRing(secrets.map((secret) => ({ name: undefined, secret: createSecretKey(secret) })));

const bytes = (length: number): fc.Arbitrary<Buffer> =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((array) => Buffer.from(array));
const texts = fc.string({ unit: 'grapheme', maxLength: 60 });

/** Nonce and text in their places, with room for the tag. */
function unsealed(nonce: Buffer, text: string): Buffer {
  const message = Buffer.alloc(TEXT_AT + Buffer.byteLength(text) + TAG_BYTES);
  message.set(nonce, NONCE_AT);
  message.write(text, TEXT_AT);
  return message;
}

describe('BatchGcm', () => {
  it('gives test case 16 of the GCM specification, as far as its text goes', () => {
    const key = Buffer.from('feffe9928665731c6d6a8f9467308308'.repeat(2), 'hex');
    const nonce = Buffer.from('cafebabefacedbaddecaf888', 'hex');
    const message = Buffer.alloc(TEXT_AT + 60 + TAG_BYTES);
    message.set(nonce, NONCE_AT);
    const text =
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39';
    message.set(Buffer.from(text, 'hex'), TEXT_AT);
    new BatchGcm(key).seal([message], ['']);
    expect(message.subarray(TEXT_AT, -TAG_BYTES).toString('hex')).toBe(
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662',
    );
  });

  it('seals what node:crypto seals, byte by byte', () => {
    const message = fc.record({ nonce: bytes(12), text: texts, associated: texts });
    fc.assert(
      fc.property(bytes(32), fc.array(message, { maxLength: 8 }), (key, wanted) => {
        const messages = wanted.map(({ nonce, text }) => unsealed(nonce, text));
        new BatchGcm(key).seal(
          messages,
          wanted.map(({ associated }) => associated),
        );
        for (const [index, { nonce, text, associated }] of wanted.entries()) {
          const gcm = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(associated));
          const expected = Buffer.concat([gcm.update(text, 'utf8'), gcm.final(), gcm.getAuthTag()]);
          expect(messages[index]?.subarray(TEXT_AT)).toEqual(expected);
        }
      }),
    );
  });
});

describe('many values at once', () => {
  const [oldKey, newKey] = [randomBytes(32), randomBytes(32)];
  const cipher = new FieldCipher(ringOf(oldKey));
  const none = (): never => {
    throw new Error('A value was refused.');
  };
  const opened = (sealed: readonly Buffer[], rows: readonly string[], by = cipher): unknown[] => {
    const refusals: UnsealableCode[] = [];
    const found = by.openAll(sealed, rows, (index, code) => (refusals[index] = code));
    return found.map((text, index) => text ?? refusals[index]);
  };

  it('are those of one at a time, both ways', () => {
    const items = fc.array(fc.record({ text: texts, row: texts }), { maxLength: 8 });
    fc.assert(
      fc.property(items, (wanted) => {
        const [values, rows] = [wanted.map(({ text }) => text), wanted.map(({ row }) => row)];
        const together = cipher.sealAll(values, rows);
        expect(together.map((one, index) => cipher.open(one, rows[index] ?? ''))).toEqual(values);
        const apart = values.map((text, index) => cipher.seal(text, rows[index] ?? ''));
        expect(cipher.openAll(apart, rows, none)).toEqual(values);
      }),
    );
  });

  it('are refused one by one: every changed byte, every truncation, the row of another', () => {
    const sealed = cipher.seal('DE89370400440532013000', 'a row');
    const changed = Array.from(sealed, (byte, at) => {
      const copy = Buffer.from(sealed);
      copy[at] = byte ^ 0x80;
      return copy;
    });
    const rows = changed.map(() => 'a row');
    const expected = changed.map((_, at) =>
      at === 0 ? 'sealed_value_malformed' : at < 5 ? 'encryption_key_unknown' : 'sealed_value_refused',
    );
    expect(opened(changed, rows)).toEqual(expected);
    const cut = changed.map((_, length) => sealed.subarray(0, length));
    expect(opened(cut, rows)).toEqual(
      cut.map(({ length }) => (length < 33 ? 'sealed_value_malformed' : 'sealed_value_refused')),
    );
    expect(opened([sealed, sealed, sealed], ['a row', 'another row', 'a row'])).toEqual([
      'DE89370400440532013000',
      'sealed_value_refused',
      'DE89370400440532013000',
    ]);
  });

  it('may be of several keys', () => {
    const both = new FieldCipher(ringOf(newKey, oldKey));
    const mixed = [cipher.seal('old', 'a'), both.seal('new', 'b'), cipher.seal('old too', 'c')];
    expect(opened(mixed, ['a', 'b', 'c'], both)).toEqual(['old', 'new', 'old too']);
    expect(opened(mixed, ['a', 'b', 'c'])).toEqual(['old', 'encryption_key_unknown', 'old too']);
  });
});
