/**
 * The connection of a request.
 *
 * @typedef {{onGone(action: () => void): void}} Caller
 */

/** Requests that get no answer until somebody releases them. */
export class HeldRequests {
  /** @type {Set<{reference: string, letGo: (goesOn: boolean) => void}>} */
  #waiting = new Set();

  /**
   * @param {string} reference
   * @param {Caller} caller
   * @returns {Promise<boolean>} true: it was released and goes on; false: whoever asked is gone, and nothing may be done any more
   */
  hold(reference, caller) {
    return new Promise((resolve) => {
      const request = {
        reference,
        letGo: (/** @type {boolean} */ goesOn) => {
          if (this.#waiting.delete(request)) resolve(goesOn);
        },
      };
      this.#waiting.add(request);
      caller.onGone(() => request.letGo(false));
    });
  }

  /** @returns {string[]} in the order they came */
  references() {
    return [...this.#waiting].map(({ reference }) => reference);
  }

  /**
   * Lets requests go on as if they had only now arrived.
   *
   * @param {string} [reference] all of them when left out
   * @returns {string[]} the references of those that were waiting
   */
  release(reference) {
    const released = [...this.#waiting].filter((request) => reference === undefined || request.reference === reference);
    for (const request of released) request.letGo(true);
    return released.map((request) => request.reference);
  }

  /** Nothing is done for anybody any more. */
  abandon() {
    for (const request of [...this.#waiting]) request.letGo(false);
  }
}
