// npm run check: everything that can be said about the code without running it. Shows the first failure, and starts nothing after it.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const scratch = mkdtempSync(join(tmpdir(), 'tranche-check-'));
const openapi = join(scratch, 'openapi.json');
/** A step that hangs, such as a document builder that keeps a connection open, fails instead. */
const STEP_TIMEOUT_MS = 300_000;

const node = (script, ...args) => [process.execPath, join(root, 'scripts', script), ...args];

/** Two rows side by side, each in order: what reads the sources, and what builds. The build comes before what looks at what is built. */
const READING = [
  ['format', ['prettier', '--check', '--log-level', 'warn', '.']],
  ['lint', ['eslint', '--max-warnings', '0', '.']],
  ['imports', ['depcruise', '--config', '.dependency-cruiser.cjs', 'src', 'migrations', 'test']],
];
const BUILDING = [
  ['types', ['tsc', '--noEmit', '-p', 'tsconfig.test.json']],
  ['build', ['npm', 'run', '--silent', 'build']],
  ['environment', node('check-env.mjs')],
  ['docs links', node('check-docs.mjs')],
  ['openapi document', node('write-openapi.mjs', openapi)],
  ['openapi rules', ['spectral', 'lint', '--ruleset', '.spectral.yaml', '--fail-severity', 'hint', openapi]],
];

/** Resolves to what the step printed, and why it failed or null. */
function run([command, ...args]) {
  const path = `${join(root, 'node_modules', '.bin')}${delimiter}${process.env.PATH}`;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: root,
      env: { ...process.env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: STEP_TIMEOUT_MS,
    });
    const chunks = [];
    child.stdout.on('data', (chunk) => chunks.push(chunk));
    child.stderr.on('data', (chunk) => chunks.push(chunk));
    const end = (failure) => resolve({ output: Buffer.concat(chunks).toString().trim(), failure });
    child.on('error', (error) => end(error.message));
    child.on('close', (code, signal) => end(code === 0 ? null : signal ? `killed by ${signal}` : `exit code ${code}`));
  });
}

let hasFailed = false;

async function check(steps) {
  for (const [name, command] of steps) {
    if (hasFailed) return;
    const startedMs = performance.now();
    const { output, failure } = await run(command);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1).padStart(6);
    console.log(`${failure === null ? 'ok    ' : 'FAILED'} ${name.padEnd(18)}${seconds} s`);
    if (failure !== null && !hasFailed) {
      hasFailed = true;
      console.log(`\n${output}\n\ncheck: ${name} failed (${failure})`);
    }
  }
}

try {
  await Promise.all([check(READING), check(BUILDING)]);
  process.exitCode = hasFailed ? 1 : 0;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
