// The bank's own arithmetic, apart from the product's: it is there to catch that one out. Amounts are decimal strings with up to
// three decimals; inside they are thousandths.

const AMOUNT = /^(0|[1-9][0-9]{0,11})(?:\.([0-9]{1,3}))?$/;

/**
 * @param {string} text
 * @returns {bigint | null} thousandths; null when it is no amount above zero
 */
export function toThousandths(text) {
  const match = AMOUNT.exec(text);
  if (match === null) return null;
  const thousandths = BigInt(match[1] + (match[2] ?? '').padEnd(3, '0'));
  return thousandths > 0n ? thousandths : null;
}

/**
 * @param {{amount: string, currency: string}} one
 * @param {{amount: string, currency: string}} other
 */
export function isSameMoney(one, other) {
  return one.currency === other.currency && toThousandths(one.amount) === toThousandths(other.amount);
}

/**
 * A wrong amount with as many decimals: one more.
 *
 * @param {string} text
 */
export function oneMore(text) {
  return show((toThousandths(text) ?? 0n) + 1000n, decimalsOf(text));
}

/** Adds up amounts by currency. */
export class Sums {
  /** @type {Map<string, {thousandths: bigint, decimals: number}>} */
  #byCurrency = new Map();

  /**
   * @param {string} currency
   * @param {string} amount
   */
  add(currency, amount) {
    const sum = this.#byCurrency.get(currency) ?? { thousandths: 0n, decimals: 0 };
    this.#byCurrency.set(currency, {
      thousandths: sum.thousandths + (toThousandths(amount) ?? 0n),
      decimals: Math.max(sum.decimals, decimalsOf(amount)),
    });
  }

  /** With as many decimals as the amounts had: `{"EUR": "100.00"}`. */
  toJSON() {
    return Object.fromEntries(
      [...this.#byCurrency]
        .sort()
        .map(([currency, { thousandths, decimals }]) => [currency, show(thousandths, decimals)]),
    );
  }
}

/** @param {string} text */
function decimalsOf(text) {
  return AMOUNT.exec(text)?.[2]?.length ?? 0;
}

/**
 * @param {bigint} thousandths
 * @param {number} decimals
 */
function show(thousandths, decimals) {
  const digits = String(thousandths).padStart(4, '0');
  return decimals === 0 ? digits.slice(0, -3) : `${digits.slice(0, -3)}.${digits.slice(-3).slice(0, decimals)}`;
}
