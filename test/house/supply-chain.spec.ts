import { readFileSync } from 'node:fs';
import path from 'node:path';
import { auditVerdict } from '../../scripts/audit-verdict.mjs';

const ROOT = path.resolve(__dirname, '../..');

interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly hasInstallScript?: boolean;
}
interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly overrides: Readonly<Record<string, string>>;
  readonly allowScripts: Readonly<Record<string, boolean>>;
}

const read = (file: string): unknown => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8'));
const manifest = read('package.json') as Manifest;
const lock = read('package-lock.json') as { packages: Readonly<Record<string, Locked>> };
const packages = Object.entries(lock.packages)
  .filter(([place]) => place !== '')
  .map(([place, locked]) => ({ ...locked, name: place.slice(place.lastIndexOf('node_modules/') + 13) }));

/** None of these asks more of whoever runs Tranche than to keep a notice. */
const PERMISSIVE = [
  ...[
    '0BSD',
    'Apache-2.0',
    'BlueOak-1.0.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'ISC',
    'MIT',
    'MIT-0',
    'Python-2.0',
    'Unlicense',
  ],
  '(MPL-2.0 OR Apache-2.0)', // we take it under Apache-2.0
];
/** Packages that do not say it in their package.json in a way npm reads; read by a person, in the version named. */
const READ_BY_A_PERSON: Readonly<Record<string, string>> = {
  'decko@1.2.0': 'MIT',
  'stickyfill@1.1.1': 'MIT',
  'url-template@2.0.8': 'BSD-3-Clause',
};

describe('the supply chain', () => {
  it('has a decision about every package that wants to run a script of its own, and about no other', () => {
    const wanting = new Set(packages.filter((one) => one.hasInstallScript).map(({ name }) => name));
    expect(Object.keys(manifest.allowScripts).sort()).toEqual([...wanting].sort());
  });

  it('pins every dependency to one version', () => {
    const { dependencies, devDependencies, overrides } = manifest;
    const pins = Object.entries({ ...dependencies, ...devDependencies, ...overrides });
    expect(pins.filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
    const locked = ([name, version]: [string, string]): boolean =>
      lock.packages[`node_modules/${name}`]?.version === version;
    expect(pins.filter((pin) => !locked(pin))).toEqual([]);
  });

  it('takes every package from the one registry, and knows what it must be', () => {
    // Without `resolved`, it is the registry that npm is set to, by the package's name; the digest decides either way.
    const origins = packages.flatMap(({ resolved }) => (resolved === undefined ? [] : [new URL(resolved).origin]));
    expect(origins.filter((origin) => origin !== 'https://registry.npmjs.org')).toEqual([]);
    expect(packages.filter(({ integrity, link }) => link === true || !/^sha512-/.test(integrity ?? ''))).toEqual([]);
  });

  it('ships nothing whose licence asks for more than a notice', () => {
    const licenceOf = ({ name, version, license }: (typeof packages)[number]): string | undefined =>
      READ_BY_A_PERSON[`${name}@${version}`] ?? license;
    const shipped = packages.filter(({ dev }) => dev !== true);
    expect(shipped.length).toBeGreaterThan(100);
    const others = shipped.filter((one) => !PERMISSIVE.includes(licenceOf(one) ?? 'none'));
    expect(others.map((one) => [one.name, one.version, licenceOf(one)])).toEqual([]);
    const present = shipped.map(({ name, version }) => `${name}@${version}`);
    expect(Object.keys(READ_BY_A_PERSON).filter((one) => !present.includes(one))).toEqual([]);
  });
});

describe('what npm audit answered', () => {
  const report = (vulnerabilities: object, total: number): string =>
    JSON.stringify({ auditReportVersion: 2, vulnerabilities, metadata: { vulnerabilities: { total } } });
  const vulnerable = (severity: string) => ({
    name: 'left',
    severity,
    via: [{ title: 'Reads too much', url: 'https://x.test/1' }, 'right'],
  });

  it('passes with nothing, and with what is less than high', () => {
    expect(auditVerdict(report({}, 0))).toEqual({ asked: true, findings: [], total: 0 });
    expect(auditVerdict(report({ left: vulnerable('moderate') }, 1))).toEqual({ asked: true, findings: [], total: 1 });
  });

  it.each(['high', 'critical'])('fails with what is %s, and says what it is', (severity) => {
    const findings = [`${severity}: left: Reads too much https://x.test/1; through right`];
    expect(auditVerdict(report({ left: vulnerable(severity) }, 1))).toEqual({ asked: true, findings, total: 1 });
  });

  it.each([
    [{ message: '405 Method Not Allowed - POST x', statusCode: 405, error: { summary: '' } }, '405 Method Not Allowed'],
    [{ message: 'request failed, reason: connect ECONNREFUSED' }, 'ECONNREFUSED'],
    [{ error: { summary: 'no lockfile' } }, 'no lockfile'],
    [{}, 'npm audit gave no report'],
  ])('is no answer when it could not ask: %j', (output, reason) => {
    const verdict = auditVerdict(JSON.stringify(output));
    expect(verdict).toEqual({ asked: false, reason: expect.stringContaining(reason) });
  });

  it('is no answer when it is not even JSON', () => {
    expect(auditVerdict('')).toMatchObject({ asked: false });
  });
});
