/** @typedef {{amount: string, currency: string, counterparty_name: string, counterparty_bic: string, counterparty_iban: string, description: string}} PayrollLine */

const LINES = 1_000;

/** What the sandbox does with some lines. By position, counted from 0 as the API does. */
const STEERED = new Map([
  [136, 'sandbox:reject:AC04'], // account closed
  [481, 'sandbox:reject:AC06'], // account blocked
  [802, 'sandbox:reject:AG01'], // transaction forbidden
  [299, 'sandbox:retry:1'],
  [650, 'sandbox:retry:2'],
]);

const FIRST_NAMES = [
  ...['Anna', 'Ben', 'Clara', 'David', 'Elif', 'Felix', 'Greta', 'Hannes', 'Ines', 'Jonas', 'Katharina', 'Lukas'],
  ...['Mira', 'Nils', 'Olga', 'Paul', 'Ruth', 'Sebastian', 'Thea', 'Ulrich', 'Vera', 'Wanja', 'Yusuf', 'Zoe'],
];
const LAST_NAMES = [
  ...['Albrecht', 'Bauer', 'Celik', 'Dietrich', 'Engel', 'Fischer', 'Graf', 'Hoffmann', 'Ivanov', 'Jansen', 'Krause'],
  ...[
    'Lindner',
    'Maier',
    'Neumann',
    'Otto',
    'Peters',
    'Richter',
    'Schulz',
    'Thomas',
    'Ullmann',
    'Vogel',
    'Weber',
    'Ziegler',
  ],
];
const BANKS = [
  { code: '37040044', bic: 'COBADEFFXXX' },
  { code: '10070000', bic: 'DEUTDEBBXXX' },
  { code: '50010517', bic: 'INGDDEFFXXX' },
  { code: '12030000', bic: 'BYLADEM1001' },
];
const LOWEST_SALARY_CENTS = 180_000;
const HIGHEST_SALARY_CENTS = 480_000;

/**
 * The same thousand salaries every time.
 *
 * @returns {PayrollLine[]}
 */
export function makePayroll() {
  const random = numbers(2026);
  return Array.from({ length: LINES }, (_, index) => {
    const bank = pick(random, BANKS);
    const cents = LOWEST_SALARY_CENTS + random(HIGHEST_SALARY_CENTS - LOWEST_SALARY_CENTS);
    return {
      amount: `${Math.floor(cents / 100)}.${String(cents % 100).padStart(2, '0')}`,
      currency: 'EUR',
      counterparty_name: `${pick(random, FIRST_NAMES)} ${pick(random, LAST_NAMES)}`,
      counterparty_bic: bank.bic,
      counterparty_iban: germanIban(bank.code, String(random(10_000_000_000)).padStart(10, '0')),
      description: STEERED.get(index) ?? `Salary November 2026 #${index + 1}`,
    };
  });
}

/** @param {PayrollLine} line */
export function isToBeRejected({ description }) {
  return description.startsWith('sandbox:reject:');
}

/**
 * ISO 13616: the check digits make the number, with country and zeros at its end and letters as 10 to 35, leave 1 when divided by 97.
 *
 * @param {string} bankCode 8 digits
 * @param {string} accountNumber 10 digits
 */
function germanIban(bankCode, accountNumber) {
  const remainder = BigInt(`${bankCode}${accountNumber}131400`) % 97n; // D = 13, E = 14
  return `DE${String(98n - remainder).padStart(2, '0')}${bankCode}${accountNumber}`;
}

/**
 * A linear congruential generator: plain, and the same on every machine.
 *
 * @param {number} seed
 * @returns {(below: number) => number} whole numbers from 0 up to, but not including, `below`
 */
function numbers(seed) {
  const MODULUS = 2n ** 64n;
  let state = BigInt(seed);
  return (below) => {
    state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % MODULUS;
    return Number((state >> 16n) % BigInt(below)); // its low bits repeat soon
  };
}

/**
 * @template T
 * @param {(below: number) => number} random
 * @param {T[]} items
 * @returns {T}
 */
function pick(random, items) {
  return /** @type {T} */ (items[random(items.length)]);
}
