/** Of these a submission meets the first that strikes. */
const FATES = ['hang', 'drop_before', 'error_before', 'not_accepted', 'execute_then_drop', 'error_after', 'garbage'];

export class Faults {
  /** @type {Record<string, any>} */
  #plan = {};
  /** @type {Map<string, RegExp>} */
  #patterns = new Map();
  /** How often each has struck. @type {Map<string, number>} */
  #strikes = new Map();
  /** References that came in before the plan did. */
  #referencesBefore = 0;

  get plan() {
    return this.#plan;
  }

  /**
   * @param {import('./journal.mjs').Entry} entry
   * @param {number} references known so far
   */
  apply(entry, references) {
    if (entry.event === 'faults') {
      this.#plan = entry.plan;
      this.#patterns = new Map(
        Object.entries(this.#plan).flatMap(([name, { match }]) =>
          match === undefined ? [] : [[name, new RegExp(match)]],
        ),
      );
      this.#strikes.clear();
      this.#referencesBefore = references;
    }
    for (const name of entry.faults ?? []) this.count(name);
  }

  /**
   * The fate of a submission: what strikes it, by name.
   *
   * @param {import('./payments.mjs').Terms} terms
   * @param {number} ordinal of the reference
   * @param {number} turn 1 for the first submission of it, and so on
   */
  fateOf(terms, ordinal, turn) {
    const fate = FATES.find((name) => this.strikes(name, terms, ordinal, turn) !== null) ?? null;
    return { fate, settings: fate === null ? null : this.#plan[fate], latencyMs: this.latencyMs(terms, ordinal, turn) };
  }

  /**
   * By how much its answer is late.
   *
   * @param {Pick<import('./payments.mjs').Terms, 'reference' | 'remittance'>} terms
   * @param {number} ordinal
   * @param {number} turn
   */
  latencyMs(terms, ordinal, turn) {
    const latency = this.strikes('latency_ms', terms, ordinal, turn);
    if (latency === null) return 0;
    const drawn = this.#draw('latency_ms between min and max', ordinal, turn);
    return Math.floor(latency.min + drawn * (latency.max - latency.min + 1));
  }

  /**
   * Whether a fault strikes. It depends on nothing but the seed, the fault, how many references came before this one since the plan
   * was set, and how often this one came, so that runs repeat. The caller counts it, by writing its name into the journal or by `count`.
   *
   * @param {string} name
   * @param {Pick<import('./payments.mjs').Terms, 'reference' | 'remittance'>} terms
   * @param {number} ordinal
   * @param {number} turn
   * @returns {import('./fault-plan.mjs').Fault | null} its settings
   */
  strikes(name, { reference, remittance }, ordinal, turn) {
    /** @type {import('./fault-plan.mjs').Fault | undefined} */
    const fault = this.#plan[name];
    if (fault === undefined || (this.#strikes.get(name) ?? 0) >= (fault.count ?? Infinity)) return null;
    const pattern = this.#patterns.get(name);
    if (pattern && !pattern.test(reference) && !pattern.test(remittance ?? '')) return null;
    return this.#draw(name, ordinal, turn) < fault.rate ? fault : null;
  }

  /** @param {string} name */
  count(name) {
    this.#strikes.set(name, (this.#strikes.get(name) ?? 0) + 1);
  }

  /** @param {string} what @param {number} ordinal @param {number} turn @returns {number} 0 to just under 1 */
  #draw(what, ordinal, turn) {
    return randomOf(`${this.#plan.seed} ${what} ${ordinal - this.#referencesBefore} ${turn}`);
  }
}

/** FNV-1a with the final mix of MurmurHash3. @param {string} text @returns {number} 0 to just under 1 */
function randomOf(text) {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
