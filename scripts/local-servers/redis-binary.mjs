import { ScriptError } from '../script-error.mjs';
import { findProgram, runs } from './distribution-package.mjs';

const REDIS = {
  label: 'redis',
  programs: ['redis-server', 'valkey-server'],
  dirs: ['/opt/homebrew/bin', '/usr/local/bin', '/home/linuxbrew/.linuxbrew/bin'],
};
const HOW_TO_GET_ONE =
  'Install it (apt-get install redis-server, or brew install redis), or set REDIS_SERVER_BIN to a redis-server, or REDIS_URL to a running one.';

/** @returns {import('./distribution-package.mjs').Program} */
export function findRedis() {
  const named = process.env.REDIS_SERVER_BIN;
  if (named) {
    if (runs({ command: named, env: process.env })) return { command: named, env: process.env };
    throw new ScriptError(`REDIS_SERVER_BIN names ${named}, which does not run.`);
  }
  const found = findProgram(REDIS);
  if (!found) throw new ScriptError(`Redis was not found. ${HOW_TO_GET_ONE}`);
  return found;
}
