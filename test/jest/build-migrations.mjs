import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { PROJECT_DIR } from '../../scripts/local-servers/places.mjs';
import { ScriptError } from '../../scripts/script-error.mjs';

/** `npm test` builds first; `npx jest some/file` does not, and must not run on the schema of yesterday. */
export function buildStaleMigrations() {
  const sources = readdirSync(path.join(PROJECT_DIR, 'migrations')).filter((name) => name.endsWith('.ts'));
  const isStale = sources.some((name) => {
    const built = modifiedAt(`dist/migrations/${name.replace(/\.ts$/, '.js')}`);
    return built === undefined || built < (modifiedAt(`migrations/${name}`) ?? 0);
  });
  if (!isStale) return;
  const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
  const args = [compiler, '-p', 'tsconfig.migrations.json', '--incremental', 'false', '--tsBuildInfoFile', 'null'];
  const { status, stdout } = spawnSync(process.execPath, args, { cwd: PROJECT_DIR, encoding: 'utf8' });
  if (status !== 0) throw new ScriptError(`The migrations do not compile: ${stdout.trim().split('\n')[0]}`);
}

/** @param {string} file below the project */
function modifiedAt(file) {
  return statSync(path.join(PROJECT_DIR, file), { throwIfNoEntry: false })?.mtimeMs;
}
