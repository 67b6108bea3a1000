const BLOCK_BYTES = 16;
const WORDS = 4;
const BYTE_VALUES = 256;
/** x^128 = x^7 + x^2 + x + 1, in the bit order of GCM: the first bit of a block is its lowest power. */
const REDUCTION = 0xe1000000;

/** The authentication of GCM (NIST SP 800-38D, 6.4): a block after the other is added and multiplied by the hash key in GF(2^128). */
export class Ghash {
  /** What a byte at each place of a block comes to, multiplied by the hash key: 16 places, 256 values, 4 words. */
  readonly #products: Int32Array;
  readonly #state = new Int32Array(WORDS);

  /** @param hashKey a block of zeros, encrypted */
  constructor(hashKey: Buffer) {
    this.#products = productsOf(hashKey);
  }

  /** Starts over. */
  reset(): void {
    this.#state.fill(0);
  }

  /** Takes in `bytes` from `from` to before `to`, the last block filled up with zeros. */
  update(bytes: Uint8Array, from: number, to: number): void {
    const state = this.#state;
    for (let at = from; at < to; at += BLOCK_BYTES) {
      const length = Math.min(BLOCK_BYTES, to - at);
      for (let index = 0; index < length; index++) {
        state[index >> 2] = (state[index >> 2] ?? 0) ^ ((bytes[at + index] ?? 0) << (24 - (index & 3) * 8));
      }
      this.#multiply();
    }
  }

  /** Ends with the lengths, in bytes, and adds the hash to `target`. */
  digestInto(target: Uint8Array, associatedLength: number, textLength: number): void {
    const state = this.#state;
    // In bits; the upper halves are those of texts of 500 megabytes.
    state[1] = (state[1] ?? 0) ^ (associatedLength * 8);
    state[3] = (state[3] ?? 0) ^ (textLength * 8);
    this.#multiply();
    for (let index = 0; index < BLOCK_BYTES; index++) {
      target[index] = (target[index] ?? 0) ^ ((state[index >> 2] ?? 0) >>> (24 - (index & 3) * 8));
    }
  }

  #multiply(): void {
    const state = this.#state;
    const products = this.#products;
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let place = 0; place < BLOCK_BYTES; place++) {
      const byte = ((state[place >> 2] ?? 0) >>> (24 - (place & 3) * 8)) & 0xff;
      const at = (place * BYTE_VALUES + byte) * WORDS;
      a ^= products[at] ?? 0;
      b ^= products[at + 1] ?? 0;
      c ^= products[at + 2] ?? 0;
      d ^= products[at + 3] ?? 0;
    }
    state[0] = a;
    state[1] = b;
    state[2] = c;
    state[3] = d;
  }
}

/** Every value of a byte is a sum of powers, so each product is that of the byte without its lowest bit, and that bit's. */
function productsOf(hashKey: Buffer): Int32Array {
  const products = new Int32Array(BLOCK_BYTES * BYTE_VALUES * WORDS);
  let power = [0, 4, 8, 12].map((at) => hashKey.readInt32BE(at));
  for (let place = 0; place < BLOCK_BYTES; place++) {
    for (let bit = 0x80; bit > 0; bit >>= 1) {
      products.set(power, (place * BYTE_VALUES + bit) * WORDS);
      power = timesX(power);
    }
    for (let byte = 1; byte < BYTE_VALUES; byte++) {
      const lowest = byte & -byte;
      if (lowest === byte) continue;
      for (let word = 0; word < WORDS; word++) {
        const product = (value: number): number => products[(place * BYTE_VALUES + value) * WORDS + word] ?? 0;
        products[(place * BYTE_VALUES + byte) * WORDS + word] = product(byte ^ lowest) ^ product(lowest);
      }
    }
  }
  return products;
}

function timesX(words: readonly number[]): number[] {
  const [a = 0, b = 0, c = 0, d = 0] = words;
  const reduced = (d & 1) === 0 ? 0 : REDUCTION;
  return [(a >>> 1) ^ reduced, (b >>> 1) | (a << 31), (c >>> 1) | (b << 31), (d >>> 1) | (c << 31)];
}
