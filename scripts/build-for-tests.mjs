// npm test: builds what is not built yet. In CI, npm run check has just done so.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_DIR } from './local-servers/places.mjs';

const METADATA = path.join('src', 'metadata.ts');
const BUILT = ['dist/main.api.js', 'dist/main.worker.js', 'dist/migrations/data-source.js'];
const SOURCES = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.migrations.json', 'nest-cli.json'];

/** @param {string} file below the project; in milliseconds, 0 when it is not there */
const changedAt = (file) => statSync(path.join(PROJECT_DIR, file), { throwIfNoEntry: false })?.mtimeMs ?? 0;

const written = ['src', 'migrations'].flatMap((dir) =>
  readdirSync(path.join(PROJECT_DIR, dir), { recursive: true, encoding: 'utf8' }).map((file) => path.join(dir, file)),
);
const newest = Math.max(...[...SOURCES, ...written].filter((file) => file !== METADATA).map(changedAt));

if (BUILT.some((file) => changedAt(file) < newest)) run('npm', 'run', '--silent', 'build');
if (changedAt(METADATA) < newest)
  run(process.execPath, path.join(PROJECT_DIR, 'scripts/generate-swagger-metadata.mjs'));

/** @param {string} command @param {string[]} args */
function run(command, ...args) {
  const { status } = spawnSync(command, args, { cwd: PROJECT_DIR, stdio: 'inherit' });
  if (status !== 0) process.exit(status ?? 1);
}
