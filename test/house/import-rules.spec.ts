import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';

interface Violation {
  readonly from: string;
  readonly rule: { readonly name: string };
}
interface Cruise {
  readonly violations: readonly Violation[];
  readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string }[] };
}
/** One file of the fixture tree with its one import: a path inside the tree, or a package. */
interface Import {
  readonly file: string;
  readonly imports: string;
  readonly typeOnly?: boolean;
}

const ROOT = join(__dirname, '..', '..');
const EDGES: Readonly<Record<string, readonly string[]>> = {
  accounts: ['audit', 'events'],
  audit: [],
  'bulk-requests': [
    'organizations',
    'accounts',
    'audit',
    'events',
    'ledger',
    'policies',
    'rails',
    'reconciliation',
    'transfers',
    'webhooks',
  ],
  events: [],
  ledger: ['accounts', 'audit'],
  notifications: ['audit', 'events'],
  organizations: ['audit', 'events'],
  policies: ['accounts', 'audit', 'organizations'],
  rails: [],
  reconciliation: ['accounts', 'audit', 'ledger', 'rails', 'transfers'],
  transfers: ['accounts', 'audit', 'events', 'ledger', 'rails'],
  webhooks: ['audit', 'events'],
};
const PAIRS = Object.keys(EDGES).flatMap((from) =>
  Object.keys(EDGES)
    .filter((to) => to !== from)
    .map((to) => ({ from, to, file: `src/modules/${from}/uses-${to}.ts`, imports: `src/modules/${to}/index.ts` })),
);
const isEdge = ({ from, to }: { from: string; to: string }): boolean => EDGES[from]?.includes(to) ?? false;
const isPath = (name: string): boolean => /^(src|test|migrations)\//.test(name);
const allowed = (file: string, imports: string, typeOnly = false): Import => ({ file, imports, typeOnly });
const forbidden = (rules: string, file: string, imports: string, typeOnly = false): Import & { rules: string } => ({
  rules,
  file,
  imports,
  typeOnly,
});

const FORBIDDEN = [
  forbidden('no-circular', 'src/platform/cycle/a.ts', 'src/platform/cycle/b.ts'),
  forbidden('kernel-is-pure', 'src/domain/uses-npm.ts', 'zod'),
  forbidden('kernel-is-pure', 'src/domain/uses-node.ts', 'node:crypto'),
  forbidden('kernel-is-pure', 'src/domain/uses-config.ts', 'src/config/config.schema.ts'),
  forbidden('module-domain-is-pure', 'src/modules/accounts/domain/uses-nest.ts', '@nestjs/common'),
  forbidden(
    'module-domain-is-pure',
    'src/modules/accounts/domain/uses-service.ts',
    'src/modules/accounts/accounts.service.ts',
  ),
  forbidden('module-domain-is-pure', 'src/modules/ledger/domain/uses-accounts.ts', 'src/modules/accounts/index.ts'),
  forbidden('platform-knows-no-module', 'src/platform/http/uses-module.ts', 'src/modules/accounts/index.ts'),
  forbidden('platform-knows-no-module', 'src/config/uses-app.ts', 'src/app/features.ts'),
  forbidden('modules-know-no-app', 'src/modules/accounts/uses-app.ts', 'src/app/features.ts'),
  forbidden(
    'persistence-is-a-leaf',
    'src/modules/ledger/persistence/uses-service.ts',
    'src/modules/ledger/ledger.service.ts',
  ),
  forbidden(
    'persistence-is-a-leaf',
    'src/modules/ledger/persistence/uses-accounts.ts',
    'src/modules/accounts/index.ts',
  ),
  forbidden(
    'edges-talk-to-the-service',
    'src/modules/accounts/http/uses-sql.ts',
    'src/modules/accounts/persistence/accounts.repository.ts',
  ),
  forbidden(
    'edges-talk-to-the-service',
    'src/modules/accounts/jobs/opens-transaction.ts',
    'src/platform/database/database.ts',
  ),
  forbidden('edges-talk-to-the-service', 'src/modules/accounts/http/uses-outbox.ts', 'src/platform/outbox/outbox.ts'),
  forbidden(
    'nobody-imports-the-edges',
    'src/modules/accounts/uses-dto.ts',
    'src/modules/accounts/http/accounts.dto.ts',
  ),
  forbidden('cross-module-via-index', 'src/modules/ledger/reaches-in.ts', 'src/modules/accounts/accounts.service.ts'),
  forbidden('app-via-index', 'src/app/reaches-in.ts', 'src/modules/accounts/accounts.service.ts'),
  ...PAIRS.filter((pair) => !isEdge(pair)).map(({ from, file, imports }) =>
    forbidden(`edges-of-${from}`, file, imports),
  ),
  forbidden(
    'edges-of-bulk-requests, module-has-a-row-of-edges',
    'src/modules/bulk-requests/edge.ts',
    'src/modules/unlisted/index.ts',
  ),
  forbidden('module-has-a-row-of-edges', 'src/app/unlisted.ts', 'src/modules/unlisted/index.ts'),
  forbidden('typeorm-only-in-persistence', 'src/modules/accounts/uses-typeorm.ts', 'typeorm'),
  forbidden('typeorm-only-in-persistence', 'src/platform/queue/uses-typeorm.ts', 'typeorm'),
  forbidden('typeorm-only-in-persistence', 'src/modules/accounts/uses-a-typeorm-type.ts', 'typeorm', true),
  forbidden(
    'nest-typeorm-only-in-persistence-and-wiring',
    'src/modules/accounts/uses-nest-typeorm.ts',
    '@nestjs/typeorm',
  ),
  forbidden('pg-only-in-the-database-platform', 'src/modules/accounts/persistence/uses-pg.ts', 'pg'),
  forbidden('pg-only-in-the-database-platform', 'src/modules/accounts/persistence/uses-copy.ts', 'pg-copy-streams'),
  forbidden('bullmq-only-in-queue-and-jobs', 'src/modules/accounts/uses-bullmq.ts', 'bullmq'),
  forbidden('bullmq-only-in-queue-and-jobs', 'src/modules/accounts/http/uses-nest-bullmq.ts', '@nestjs/bullmq'),
  forbidden('src-stands-alone', 'src/platform/http/uses-test.ts', 'test/support/server.ts'),
  forbidden('src-stands-alone', 'src/platform/database/uses-migration.ts', 'migrations/1-first.ts'),
  forbidden('migrations-stand-alone', 'migrations/2-uses-src.ts', 'src/config/config.schema.ts'),
  forbidden('nobody-imports-a-spec', 'test/support/uses-spec.ts', 'test/house/one.spec.ts'),
  forbidden('no-development-package-at-run-time', 'src/platform/http/uses-fast-check.ts', 'fast-check'),
  forbidden('everything-resolves', 'src/platform/http/uses-nothing.ts', './missing.js'),
  forbidden('no-vague-names', 'src/platform/http/uses-utils.ts', 'src/platform/http/utils.ts'),
  forbidden('no-vague-names', 'test/support/uses-common.ts', 'test/common/server.ts'),
];

/** The other half of the cycle; a cycle is reported once, at its first file. */
const CYCLE = allowed('src/platform/cycle/b.ts', 'src/platform/cycle/a.ts');

const ALLOWED = [
  allowed('src/domain/money.ts', 'src/domain/errors.ts'),
  allowed('src/domain/money.spec.ts', 'fast-check'),
  allowed('src/modules/accounts/domain/hold.ts', 'src/domain/errors.ts'),
  allowed('src/modules/accounts/persistence/hold.entity.ts', 'typeorm'),
  allowed('src/modules/accounts/persistence/hold.repository.ts', 'src/platform/database/database.ts'),
  allowed('src/modules/accounts/http/hold.controller.ts', 'src/modules/accounts/accounts.service.ts'),
  allowed('src/modules/accounts/jobs/expire-hold.processor.ts', '@nestjs/bullmq'),
  allowed('src/modules/accounts/accounts.module.ts', 'src/modules/accounts/http/accounts.dto.ts'),
  allowed('src/modules/accounts/orm.module.ts', '@nestjs/typeorm'),
  allowed('src/modules/accounts/queue.module.ts', 'bullmq'),
  ...PAIRS.filter(isEdge).map(({ file, imports }) => allowed(file, imports)),
  allowed('src/platform/database/pool.ts', 'pg'),
  allowed('src/platform/database/copy.ts', 'pg-copy-streams'),
  allowed('src/platform/queue/queues.ts', 'bullmq'),
  allowed('src/platform/outbox/relay.ts', 'typeorm'),
  allowed('src/platform/http/types-of-a-development-package.ts', 'fast-check', true),
  allowed('src/app/compose.ts', 'src/modules/accounts/accounts.module.ts'),
  allowed('src/main.api.ts', 'src/app/features.ts'),
  allowed('migrations/3-second.ts', 'typeorm'),
  allowed('test/integration/accounts.spec.ts', 'src/modules/accounts/persistence/accounts.repository.ts'),
];

function specifier({ file, imports }: Import): string {
  if (!isPath(imports)) return imports;
  const relative = posix.relative(dirname(file), imports).replace(/\.ts$/, '.js');
  return relative.startsWith('.') ? relative : `./${relative}`;
}

/** Writes every file with its import, and an empty module for every imported path that is not itself a case. */
function writeTree(root: string, cases: readonly Import[]): void {
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  for (const { imports } of cases) if (isPath(imports)) write(imports, 'export {};\n');
  for (const one of cases) {
    write(one.file, one.typeOnly ? `import type * as it from '${specifier(one)}';\n` : `import '${specifier(one)}';\n`);
  }
  cpSync(join(ROOT, 'package.json'), join(root, 'package.json'));
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
}

function cruise(root: string): Cruise {
  const cli = join(ROOT, 'node_modules', '.bin', 'depcruise');
  const args = [
    '--config',
    join(ROOT, '.dependency-cruiser.cjs'),
    '--output-type',
    'json',
    'src',
    'migrations',
    'test',
  ];
  const output = execFileSync(process.execPath, [cli, ...args], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return (JSON.parse(output) as { summary: Cruise }).summary;
}

describe('import rules', () => {
  const root = mkdtempSync(join(tmpdir(), 'tranche-import-rules-'));
  let result: Cruise;
  const fired = (file: string): string =>
    [...new Set(result.violations.filter((one) => one.from === file).map((one) => one.rule.name))].sort().join(', ');

  beforeAll(() => {
    writeTree(root, [CYCLE, ...FORBIDDEN, ...ALLOWED]);
    result = cruise(root);
  }, 60_000);
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  it.each(FORBIDDEN)('$rules: refuses $file importing $imports', ({ rules, file }) => {
    expect(fired(file)).toBe(rules);
  });

  it.each(ALLOWED)('allows $file importing $imports', ({ file }) => {
    expect(fired(file)).toBe('');
  });

  it('every rule of the configuration is proven here', () => {
    const proven = new Set(FORBIDDEN.flatMap(({ rules }) => rules.split(', ')));
    const configured = new Set(result.ruleSetUsed.forbidden.map((rule) => rule.name));
    expect([...configured].sort()).toEqual([...proven].sort());
  });
});
