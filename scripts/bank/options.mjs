import path from 'node:path';
import { parseArgs } from 'node:util';
import { DATA_DIR } from '../demo-state.mjs';
import { ScriptError } from '../script-error.mjs';
import { targetProblem } from './control.mjs';

export const HELP = `A bank to try the rail "http" on: it takes payments over HTTP, remembers all of them in a file, and breaks on demand.

Usage: npm run bank -- [options]

  --port <n>                 where it listens; 0 picks a free port (4010)
  --host <address>           on which address (127.0.0.1)
  --journal <file>           what it remembers; started again on the same file it knows everything (.data/bank.jsonl)
  --fsync                    write the journal through to the disk before every answer; without it, it survives the end of the
                             process at any moment, but not that of the machine
  --token <text>             answer only requests with "Authorization: Bearer <text>" (or BANK_TOKEN)
  --callback-url <url>       where to report what happens later, such as http://127.0.0.1:3000/api/v1/rails/http/events
  --callback-secret <text>   whsec_ and 24 to 64 bytes in Base64, to sign the reports with (or BANK_CALLBACK_SECRET)
  --callback-retry-ms <n>    pause after the first report that was not taken with a 2xx; it doubles, up to 30 s (200)
  --accept-ms <n>            how long an accepted payment takes to settle (1000)
  --return-ms <n>            after how long a payment with the text bank:return comes back (1000)
  --help                     this text

The remittance text of a payment steers it:

  bank:reject:AC04           rejected with that code
  bank:accept                accepted now, settled later, and reported
  bank:accept:AC04           accepted now, rejected later, and reported
  bank:return                settled now, sent back later, and reported
  bank:slow:500              executed at once, answered so many milliseconds later
  bank:hang                  no answer, and not executed, until POST /control/release
  anything else              settled

It prints its URL when it is ready. Faults are set with PUT /control/faults: docs/bank-simulator.md has them all.`;

const DEFAULT_PORT = '4010';
const LONGEST_MS = 365 * 86_400_000;

/**
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
export function readOptions(args, env) {
  const text = (/** @type {string} */ byDefault) => /** @type {const} */ ({ type: 'string', default: byDefault });
  const values = parse(args, {
    port: text(DEFAULT_PORT),
    host: text('127.0.0.1'),
    journal: text(path.join(DATA_DIR, 'bank.jsonl')),
    fsync: { type: 'boolean', default: false },
    token: text(env.BANK_TOKEN ?? ''),
    'callback-url': text(''),
    'callback-secret': text(env.BANK_CALLBACK_SECRET ?? ''),
    'callback-retry-ms': text('200'),
    'accept-ms': text('1000'),
    'return-ms': text('1000'),
    help: { type: 'boolean', default: false },
  });
  const number = (/** @type {string} */ name, /** @type {number} */ min, /** @type {number} */ max) =>
    numberIn(String(values[name]), `--${name}`, min, max);
  return {
    isHelpWanted: Boolean(values.help),
    port: number('port', 0, 65_535),
    host: String(values.host),
    journal: path.resolve(String(values.journal)),
    fsync: Boolean(values.fsync),
    token: String(values.token) || undefined,
    callbackTarget: targetOf(String(values['callback-url']), String(values['callback-secret'])),
    callbackRetryMs: number('callback-retry-ms', 1, LONGEST_MS),
    acceptMs: number('accept-ms', 0, LONGEST_MS),
    returnMs: number('return-ms', 0, LONGEST_MS),
  };
}

/**
 * @param {string[]} args
 * @param {import('node:util').ParseArgsConfig['options']} options
 * @returns {Record<string, string | boolean | undefined>}
 */
function parse(args, options) {
  try {
    return /** @type {Record<string, any>} */ (parseArgs({ args, options }).values);
  } catch (error) {
    throw new ScriptError(`${/** @type {Error} */ (error).message}. See npm run bank -- --help`);
  }
}

/** @param {string} text @param {string} name @param {number} min @param {number} max */
function numberIn(text, name, min, max) {
  const value = Number(text);
  if (/^[0-9]+$/.test(text) && value >= min && value <= max) return value;
  throw new ScriptError(`${name} must be a whole number from ${min} to ${max}, not ${text}`);
}

/** @param {string} url @param {string} secret */
function targetOf(url, secret) {
  if (url === '') return null;
  const problem = targetProblem(url, secret);
  if (problem === null) return { url, secret };
  throw new ScriptError(problem[0].toUpperCase() + problem.slice(1));
}
