import { LeakScanner, type Needle } from './needles.js';

const IBAN = 'DE89370400440532013000';
const NAME = 'Zoë Quirkmann';
const SECRET = 'trk_abc_Secret/with+signs=';
const NEEDLES: Needle[] = [
  { label: 'an IBAN', kind: 'iban', text: IBAN },
  { label: 'a name', kind: 'person', text: NAME },
  { label: 'a secret', kind: 'secret', text: SECRET },
];

const scanner = new LeakScanner(NEEDLES);
const found = (text: string | Buffer): string[] => [
  ...new Set(scanner.scan('here', text.toString()).map(({ label, form, where }) => `${label}, ${form}, ${where}`)),
];

describe('the scanner for leaks', () => {
  it.each([
    ['as it is', `{"iban":"${IBAN}"}`],
    ['in lower case', `x${IBAN.toLowerCase()}y`],
    ['in mixed case', 'De89370400440532013000'],
    ['in groups of four', 'to DE89 3704 0044 0532 0130 00.'],
    ['in groups of another size', 'de89370 400440 532013000'],
    ['with hyphens', 'DE89-3704-0044-0532-0130-00'],
    ['in a form', 'iban=DE89+3704+0044+0532+0130+00'],
    ['in a URL', 'iban=DE89%203704%200044%200532%200130%2000'],
    ['over two lines', 'DE8937040044\n0532013000'],
  ])('finds an IBAN %s', (_, text) => {
    expect(found(text)).toEqual(['an IBAN, plain, here']);
  });

  it.each([
    ['as it is', `name: ${NAME}, and so on`, 'plain'],
    ['in upper case', NAME.toUpperCase(), 'plain'],
    ['escaped as JSON may be', 'Zo\\u00eb Quirkmann', 'escaped'],
    ['in a URL', `?name=${encodeURIComponent(NAME)}`, 'escaped'],
  ])('finds a name %s', (_, text, form) => {
    expect(found(text)).toEqual([`a name, ${form}, here`]);
  });

  it.each([
    ['as it is', `Bearer ${SECRET}`, 'plain'],
    ['in a URL', `?key=${encodeURIComponent(SECRET)}`, 'escaped'],
  ])('finds a secret %s', (_, text, form) => {
    expect(found(text)).toEqual([`a secret, ${form}, here`]);
  });

  it.each(NEEDLES)('finds $label in hex and in base64, at whatever byte it begins', ({ label, text }) => {
    for (const before of ['', 'a', 'ab', 'abc', '{"x":"']) {
      for (const after of ['', 'z', '"}']) {
        const bytes = Buffer.from(before + text + after);
        for (const encoding of ['base64', 'base64url'] as const) {
          expect(found(bytes.toString(encoding))).toEqual([`${label}, base64, here`]);
        }
        expect(found(bytes.toString('hex'))).toEqual([`${label}, hex, here`]);
        expect(found(bytes.toString('hex').toUpperCase())).toEqual([`${label}, hex, here`]);
      }
    }
  });

  it('finds an IBAN in groups of four, or in lower case, in base64 and hex', () => {
    for (const text of ['DE89 3704 0044 0532 0130 00', IBAN.toLowerCase(), 'de89 3704 0044 0532 0130 00']) {
      expect(found(Buffer.from(text).toString('base64'))).toEqual(['an IBAN, base64, here']);
      expect(found(Buffer.from(text).toString('hex'))).toEqual(['an IBAN, hex, here']);
    }
  });

  it('finds nothing where nothing is', () => {
    for (const text of [
      '',
      'DE89••••3000',
      'DE89370400440532013001',
      'Zoe',
      '[redacted]',
      'trk_abc',
      'a'.repeat(1_000),
    ]) {
      expect(found(text)).toEqual([]);
    }
  });

  it('does not look for what it would find by chance', () => {
    expect(() => new LeakScanner([{ label: 'a word', kind: 'person', text: 'Zoë' }])).toThrow('a word');
  });
});
