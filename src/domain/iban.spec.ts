import fc from 'fast-check';
import { BBAN_STRUCTURES } from './iban-registry.js';
import { containsIban, maskIban, normalizeIban, validateIban } from './iban.js';

const DIGITS = '0123456789';
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
const ALPHABETS: Record<string, string> = { n: DIGITS, a: LETTERS, c: DIGITS + LETTERS };

/** ISO 7064 the slow way, with one big number: an oracle for the check digits. */
const numberOf = (text: string): bigint =>
  BigInt([...text].map((char) => (DIGITS + LETTERS).indexOf(char).toString()).join(''));
const checkDigitsOf = (country: string, bban: string): string =>
  (98n - (numberOf(`${bban}${country}00`) % 97n)).toString().padStart(2, '0');

const bbanOf = (structure: string): fc.Arbitrary<string> => {
  const parts = [...structure.matchAll(/(\d+)!([nac])/g)].map(([, length, kind = '']) =>
    fc.string({
      unit: fc.constantFrom(...(ALPHABETS[kind] ?? '')),
      minLength: Number(length),
      maxLength: Number(length),
    }),
  );
  return fc.tuple(...parts).map((texts) => texts.join(''));
};

const anyIban = fc
  .constantFrom(...Object.entries(BBAN_STRUCTURES))
  .chain(([country, structure]) => bbanOf(structure).map((bban) => country + checkDigitsOf(country, bban) + bban));

const refused = (code: string): unknown => ({ ok: false, code });

describe('validateIban', () => {
  it('accepts whatever follows the structure of its country with the right check digits', () => {
    fc.assert(
      fc.property(anyIban, (iban) => {
        expect(validateIban(iban)).toEqual({ ok: true, iban });
      }),
      { numRuns: 2000 },
    );
  });

  it('returns the electronic form of what people type', () => {
    const typed = anyIban.chain((iban) =>
      fc
        .array(fc.constantFrom('', ' ', '  '), { minLength: iban.length, maxLength: iban.length })
        .chain((gaps) => fc.mixedCase(fc.constant([...iban].map((char, i) => char + (gaps[i] ?? '')).join(''))))
        .map((text) => ({ text, iban })),
    );
    fc.assert(
      fc.property(typed, ({ text, iban }) => {
        expect(validateIban(text)).toEqual({ ok: true, iban });
      }),
    );
  });

  it('refuses an IBAN with one digit changed', () => {
    fc.assert(
      fc.property(anyIban, fc.nat(), fc.integer({ min: 1, max: 9 }), (iban, pick, shift) => {
        const positions = [...iban].flatMap((char, i) => (DIGITS.includes(char) ? [i] : []));
        const at = positions[pick % positions.length] ?? 0;
        const digit = (Number(iban[at]) + shift) % 10;
        expect(validateIban(iban.slice(0, at) + digit + iban.slice(at + 1))).toEqual(refused('iban_checksum'));
      }),
      { numRuns: 1000 },
    );
  });

  it('refuses an IBAN with two neighbours swapped', () => {
    // ISO 7064 reads B1 and 1B as the same number, likewise M2 and X3: the only swaps it cannot see.
    const blindSpots = ['B1', '1B', 'M2', '2M', 'X3', '3X'];
    fc.assert(
      fc.property(anyIban, fc.nat(), (iban, pick) => {
        const at = 2 + (pick % (iban.length - 3));
        const pair = iban.slice(at, at + 2);
        fc.pre(pair[0] !== pair[1] && !blindSpots.includes(pair));
        const swapped = `${iban.slice(0, at)}${pair[1]}${pair[0]}${iban.slice(at + 2)}`;
        expect(validateIban(swapped)).toEqual(refused('iban_checksum'));
      }),
      { numRuns: 1000 },
    );
  });

  it.each(['', 'D', 'ZZ89370400440532013000', 'US12345678901234567', '8937040044053201300', '__proto__', 'ıT60X05428'])(
    'knows no country in %j',
    (text) => {
      expect(validateIban(text)).toEqual(refused('iban_country'));
    },
  );

  it.each(['DE', 'DE8937040044053201300', 'DE893704004405320130000', `DE${'8'.repeat(100_000)}`.slice(0, 60)])(
    'refuses the length of %j before anything that follows',
    (text) => {
      expect(validateIban(text)).toEqual(refused('iban_length'));
    },
  );

  it.each(['-', '.', '\t', '\u00a0', '٣', 'É', 'ſ', 'ı', '\u0000', '/', ':', '@', '[', '`', '{'])(
    'takes no other character for a letter or digit: %j',
    (char) => {
      const iban = 'GB29NWBK60161331926819';
      const texts = [2, 4, 10, 21].map((at) => iban.slice(0, at) + char + iban.slice(at + 1));
      expect(texts.map(validateIban)).toEqual(texts.map(() => refused('iban_checksum')));
    },
  );

  it('does not skip another character when the check digits fit the rest', () => {
    const rest = 'NWBK6016133192681';
    const texts = ['-', '/', '\t', '٣'].map((char) => `GB${checkDigitsOf('GB', rest)}${rest}${char}`);
    expect(texts.map(validateIban)).toEqual(texts.map(() => refused('iban_checksum')));
  });

  /** An account of one bank for which the text, as an IBAN, leaves the remainder that right check digits leave. */
  const bbanFor = (start: string): string =>
    Array.from({ length: 1000 }, (_, i) => `37040044${String(i).padStart(10, '0')}`).find(
      (bban) => numberOf(bban + start) % 97n === 1n,
    ) ?? '';

  it.each([
    ['97', '00'],
    ['98', '01'],
    ['02', '99'],
  ])('refuses check digits that only leave the same remainder: for %s, %s', (right, wrong) => {
    const bban = bbanFor(`DE${wrong}`);
    expect(validateIban(`DE${right}${bban}`).ok).toBe(true);
    expect(validateIban(`DE${wrong}${bban}`)).toEqual(refused('iban_checksum'));
  });

  it.each(['DE0A', 'DE8X', 'DEA0', 'DEXX'])('wants two digits to check by, whatever remainder is left: %s', (start) => {
    expect(validateIban(start + bbanFor(start))).toEqual(refused('iban_checksum'));
  });

  it('refuses a letter where the registry has a digit, and the reverse, once the check digits are right', () => {
    const withFixedKinds = Object.entries(BBAN_STRUCTURES).filter(([, structure]) => /[na]/.test(structure));
    const misplaced = fc.tuple(fc.constantFrom(...withFixedKinds), fc.nat(), fc.nat()).chain(([entry, pick, other]) => {
      const [country, structure] = entry;
      const kinds = structure.replace(/(\d+)!([nac])/g, (_, length: string, kind: string) =>
        kind.repeat(Number(length)),
      );
      const fixed = [...kinds].flatMap((kind, i) => (kind === 'c' ? [] : [i]));
      const at = fixed[pick % fixed.length] ?? 0;
      const wrong = kinds[at] === 'n' ? LETTERS : DIGITS;
      const withWrong = (bban: string): string => bban.slice(0, at) + wrong[other % wrong.length] + bban.slice(at + 1);
      return bbanOf(structure).map((bban) => ({ country, bban: withWrong(bban) }));
    });
    fc.assert(
      fc.property(misplaced, ({ country, bban }) => {
        expect(validateIban(country + checkDigitsOf(country, bban) + bban)).toEqual(refused('iban_structure'));
      }),
      { numRuns: 1000 },
    );
  });
});

describe('normalizeIban', () => {
  it('removes spaces and raises ASCII letters, nothing else', () => {
    expect(normalizeIban(' de89 3704 0044 0532 0130 00 ')).toBe('DE89370400440532013000');
    expect(normalizeIban('ıſß\u00a0\tde é')).toBe('ıſß\u00a0\tDEé');
  });
});

describe('maskIban', () => {
  it('shows country, check digits and the last four', () => {
    expect(maskIban('DE89370400440532013000')).toBe('DE89••••3000');
    expect(maskIban('NO9386011117947')).toBe('NO93••••7947');
  });

  it('shows nothing of what is too short for an IBAN', () => {
    expect(maskIban('DE8937040044')).toBe('••••');
    expect(maskIban('')).toBe('••••');
  });
});

describe('containsIban', () => {
  it('finds any IBAN, wherever it stands and however it is written', () => {
    fc.assert(
      fc.property(
        anyIban,
        fc.constantFrom('', 'pay_', 'DE89', 'de12', 'x.'),
        fc.constantFrom('', '_now', '00'),
        (iban, before, after) => {
          const grouped = iban.toLowerCase().replace(/(.{4})/g, '$1 ');
          for (const text of [iban, iban.toLowerCase(), grouped])
            expect(containsIban(before + text + after)).toBe(true);
        },
      ),
    );
  });

  it.each([
    '',
    'credit_transfers',
    '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d',
    'DE89',
    'DE89370400440532013001',
    'de89••••3000',
  ])('finds none in "%s"', (text) => {
    expect(containsIban(text)).toBe(false);
  });
});
