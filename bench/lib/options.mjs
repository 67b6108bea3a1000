import { parseArgs } from 'node:util';
import path from 'node:path';
import { PROJECT_DIR } from '../../scripts/local-servers/places.mjs';
import { ScriptError } from '../../scripts/script-error.mjs';

const ROUNDS = 7;

/**
 * @typedef {object} Options
 * @property {number} rounds
 * @property {boolean} quick small sizes, to try the bench itself
 * @property {<T>(full: T, quick: T) => T} size the first, or the second when quick
 * @property {string[]} only names of measures; empty: all of them
 * @property {string} out the directory of the results
 * @property {string} [profile] where the CPU profiles of the product's processes go
 */

/**
 * `--only=a,b --rounds=3 --quick --out=dir --profile=dir`
 *
 * @param {string[]} args
 * @returns {Options}
 */
export function readOptions(args) {
  const { values } = parseArguments(args);
  const quick = values.quick === true;
  const rounds = Number(values.rounds ?? (quick ? 1 : ROUNDS));
  if (!Number.isInteger(rounds) || rounds < 1)
    throw new ScriptError(`--rounds=${values.rounds} is no number of rounds`);
  // A quick run says nothing worth keeping: the results of a real one stay as they are.
  const place = values.out ?? (quick ? '.cache/bench' : 'bench');
  return {
    rounds,
    quick,
    size: (full, small) => (quick ? small : full),
    only: values.only ? values.only.split(',') : [],
    out: path.resolve(PROJECT_DIR, place),
    ...(values.profile && { profile: path.resolve(PROJECT_DIR, values.profile) }),
  };
}

/** @param {string[]} args */
function parseArguments(args) {
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string' },
        rounds: { type: 'string' },
        quick: { type: 'boolean' },
        out: { type: 'string' },
        profile: { type: 'string' },
      },
    });
  } catch (error) {
    throw new ScriptError(error instanceof Error ? error.message : String(error));
  }
}
