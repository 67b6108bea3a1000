import fc from 'fast-check';
import { BIC_PATTERN, isBic, sameBic } from './bic.js';

const bic8 = fc.stringMatching(/^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}$/);
const branch = fc.stringMatching(/^[A-Z0-9]{3}$/);

describe('isBic', () => {
  it.each(['DEUTDEFF', 'DEUTDEFFXXX', 'DEUTDEFF500', 'OIVUSCLQXXX', 'E097AEXX', '1234FR00', 'NEDSZAJJXXX'])(
    'accepts %s, as BICFIDec2014Identifier does',
    (text) => {
      expect(isBic(text)).toBe(true);
    },
  );

  it.each([
    ...['', 'DEUTDEF', 'DEUTDEFFX', 'DEUTDEFFXX', 'DEUTDEFFXXXX', 'deutdeff', 'DEUTDEFFxxx', 'DEUT1EFF', 'DEUTD2FF'],
    ...['DEUT DEFF', 'DEUTDEFF ', 'DEUTDEFF\n', 'DEUT-EFF', 'ÐEUTDEFF', 'DEUTDEF١'],
  ])('refuses %j', (text) => {
    expect(isBic(text)).toBe(false);
  });

  it('is the published pattern, also with the u flag ajv sets', () => {
    const pattern = new RegExp(BIC_PATTERN, 'u');
    fc.assert(
      fc.property(fc.oneof(bic8, fc.string({ minLength: 7, maxLength: 12 })), branch, (text, suffix) => {
        expect(isBic(text)).toBe(pattern.test(text));
        expect(isBic(text + suffix)).toBe(pattern.test(text + suffix));
      }),
    );
  });
});

describe('sameBic', () => {
  it('takes eight characters for the head office, which XXX also names', () => {
    fc.assert(
      fc.property(bic8, (bic) => {
        expect(sameBic(bic, `${bic}XXX`)).toBe(true);
        expect(sameBic(`${bic}XXX`, bic)).toBe(true);
        expect(sameBic(bic, bic)).toBe(true);
      }),
    );
  });

  it('tells branches and banks apart', () => {
    fc.assert(
      fc.property(bic8, bic8, branch, branch, (a, b, branchOfA, branchOfB) => {
        expect(sameBic(a + branchOfA, b + branchOfB)).toBe(a === b && branchOfA === branchOfB);
        expect(sameBic(a, b + branchOfB)).toBe(a === b && branchOfB === 'XXX');
      }),
    );
    expect(sameBic('DEUTDEFF', 'DEUTDEFF500')).toBe(false);
  });
});
