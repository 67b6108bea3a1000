// What we depend on: known vulnerabilities (npm audit), and a list of what runs in production (CycloneDX), both from the lockfile.
import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { auditVerdict } from './audit-verdict.mjs';
import { PROJECT_DIR } from './local-servers/places.mjs';
import { oneLine, ScriptError } from './script-error.mjs';

const SBOM_FILE = path.join(PROJECT_DIR, 'coverage/sbom.cdx.json');
// A registry that does not answer must not hold up a run: nothing is tried again.
const NO_PATIENCE = ['--fetch-retries=0', '--fetch-timeout=20000'];

/**
 * @param {string[]} args
 * @returns {Promise<{ok: boolean, stdout: string, stderr: string}>}
 */
async function npm(...args) {
  const options = { cwd: PROJECT_DIR, maxBuffer: 64 * 1024 * 1024 };
  try {
    return { ok: true, ...(await promisify(execFile)('npm', args, options)) };
  } catch (error) {
    const { stdout, stderr } = /** @type {{stdout?: string, stderr?: string}} */ (error);
    if (stdout === undefined) throw error;
    return { ok: false, stdout, stderr: stderr ?? '' };
  }
}

/** @returns {Promise<boolean>} whether nothing of high or critical severity is known */
async function audit() {
  const { stdout } = await npm('audit', '--json', '--audit-level=high', '--package-lock-only', ...NO_PATIENCE);
  const verdict = auditVerdict(stdout);
  if (!verdict.asked) {
    console.log(`\n!!! NOT AUDITED: the registry could not be asked for known vulnerabilities: ${verdict.reason}\n`);
    return true;
  }
  for (const finding of verdict.findings) console.error(`audit: ${finding}`);
  console.log(`audit: ${verdict.total} known vulnerabilities, ${verdict.findings.length} of them high or critical`);
  return verdict.findings.length === 0;
}

async function listComponents() {
  const args = ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--omit=dev'];
  const { ok, stdout, stderr } = await npm(...args);
  if (!ok) throw new ScriptError(`npm ${args.join(' ')} failed: ${oneLine(stderr).slice(0, 500)}`);
  /** @type {{components: {licenses?: {license?: {id?: string}, expression?: string}[]}[]}} */
  const { components } = JSON.parse(stdout);
  mkdirSync(path.dirname(SBOM_FILE), { recursive: true });
  writeFileSync(SBOM_FILE, stdout);
  const counts = new Map();
  for (const { licenses } of components) {
    const [first] = licenses ?? [];
    const licence = first?.license?.id ?? first?.expression ?? 'not said';
    counts.set(licence, (counts.get(licence) ?? 0) + 1);
  }
  const summary = [...counts].sort(([, a], [, b]) => b - a).map(([licence, count]) => `${count} ${licence}`);
  console.log(`sbom: ${components.length} packages run in production: ${summary.join(', ')}`);
  console.log(`sbom: CycloneDX in ${path.relative(PROJECT_DIR, SBOM_FILE)}`);
}

try {
  const [isClean] = await Promise.all([audit(), listComponents()]);
  process.exitCode = isClean ? 0 : 1;
} catch (error) {
  console.error(oneLine(error));
  process.exitCode = 1;
}
