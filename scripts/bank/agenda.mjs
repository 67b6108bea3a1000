// What setTimeout can wait for at most; "returns in a month" is longer.
const LONGEST_WAIT_MS = 2 ** 31 - 1;

/** Things to be done at a time. */
export class Agenda {
  /** @type {Set<NodeJS.Timeout>} */
  #timers = new Set();

  /**
   * @param {number} dueMs since the epoch; in the past means now
   * @param {() => void} action
   */
  at(dueMs, action) {
    const waitMs = Math.max(0, dueMs - Date.now());
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        if (waitMs > LONGEST_WAIT_MS) this.at(dueMs, action);
        else action();
      },
      Math.min(waitMs, LONGEST_WAIT_MS),
    );
    this.#timers.add(timer);
  }

  /** What is still due is not done: the journal knows of it. */
  close() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
  }
}
