// Which faults there are, and what a plan of them may say.

/**
 * @typedef {{min: number, max: number, isNeeded?: boolean, byDefault?: number, oneOf?: number[]}} Setting
 * @typedef {{rate: number, match?: string, count?: number, [setting: string]: any}} Fault
 */

/** @type {(min: number, max: number, rest?: Partial<Setting>) => Setting} */
const number = (min, max, rest = {}) => ({ min, max, ...rest });
const LONGEST_MS = 30 * 86_400_000;

/** By name, the settings beyond `rate`, `match` and `count`. @type {Record<string, Record<string, Setting>>} */
const FAULTS = {
  latency_ms: { min: number(0, LONGEST_MS, { byDefault: 0 }), max: number(0, LONGEST_MS, { isNeeded: true }) },
  hang: {},
  drop_before: {},
  error_before: { status: number(500, 599, { byDefault: 500 }) },
  not_accepted: {
    status: number(429, 503, { byDefault: 503, oneOf: [429, 503] }),
    retry_after: number(0, 86_400),
  },
  execute_then_drop: {},
  error_after: { status: number(500, 599, { byDefault: 500 }) },
  garbage: {},
  delayed_visibility_ms: { ms: number(0, LONGEST_MS, { isNeeded: true }) },
  inquiry_error: { status: number(500, 599, { byDefault: 500 }) },
  returns: { after_ms: number(0, LONGEST_MS, { byDefault: 1_000 }) },
  duplicate_callbacks: { times: number(2, 100, { byDefault: 2 }) },
  contradictory_callbacks: {},
  statement_omit: {},
  statement_amount: {},
  statement_duplicate: {},
};

/** A plan that cannot be used; the message says what to change. */
export class PlanError extends Error {}

/**
 * @param {unknown} input
 * @returns {Record<string, any>} the plan with all its defaults
 */
export function parsePlan(input) {
  const { seed, ...faults } = record(input, 'The plan');
  /** @type {Record<string, any>} */
  const plan = { seed: seed === undefined ? 1 : numberIn(seed, 'seed', number(0, 2 ** 32 - 1)) };
  for (const [name, value] of Object.entries(faults)) {
    const settings = Object.hasOwn(FAULTS, name) ? FAULTS[name] : undefined;
    if (settings === undefined)
      throw new PlanError(`There is no fault ${name}; there are ${Object.keys(FAULTS).join(', ')}`);
    plan[name] = parseFault(name, record(value, name), settings);
  }
  if (plan.latency_ms?.min > plan.latency_ms?.max) throw new PlanError('latency_ms.min is more than latency_ms.max');
  return plan;
}

/** @param {string} name @param {Record<string, unknown>} given @param {Record<string, Setting>} settings */
function parseFault(name, { rate = 1, match, ...given }, settings) {
  if (typeof rate !== 'number' || !(rate >= 0 && rate <= 1)) throw new PlanError(`${name}.rate must be from 0 to 1`);
  /** @type {Fault} */
  const fault = { rate };
  if (match !== undefined) fault.match = pattern(match, `${name}.match`);
  const known = { ...settings, count: number(0, 1e9) };
  for (const setting of Object.keys(given)) {
    if (!Object.hasOwn(known, setting)) throw new PlanError(`${name} has no setting ${setting}`);
  }
  for (const [setting, rule] of Object.entries(known)) {
    const value = given[setting] ?? rule.byDefault;
    if (value !== undefined) fault[setting] = numberIn(value, `${name}.${setting}`, rule);
    else if (rule.isNeeded) throw new PlanError(`${name}.${setting} is missing`);
  }
  return fault;
}

/** @param {unknown} value @param {string} what @returns {Record<string, unknown>} */
function record(value, what) {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw new PlanError(`${what} must be a JSON object`);
}

/** @param {unknown} value @param {string} what @param {Setting} rule */
function numberIn(value, what, { min, max, oneOf }) {
  const isGood = typeof value === 'number' && Number.isInteger(value) && value >= min && value <= max;
  if (isGood && (oneOf === undefined || oneOf.includes(value))) return value;
  throw new PlanError(`${what} must be ${oneOf ? oneOf.join(' or ') : `a whole number from ${min} to ${max}`}`);
}

/** @param {unknown} value @param {string} what */
function pattern(value, what) {
  try {
    if (typeof value === 'string') return new RegExp(value).source;
  } catch (error) {
    throw new PlanError(`${what}: ${/** @type {Error} */ (error).message}`);
  }
  throw new PlanError(`${what} must be a regular expression in a string`);
}
