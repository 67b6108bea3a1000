// The import rules of docs/architecture.md, one named rule each; test/house/import-rules.spec.ts proves that each one fires.
const { join } = require('node:path');

/**
 * Which module may import which, directly and only through its index.ts. A module has a row here from the day it exists;
 * a new edge is an architecture decision and needs an ADR.
 */
const EDGES = {
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

const MODULE = '^src/modules/([^/]+)/';
const SPEC = '\\.spec\\.ts$';
const names = (list) => `(${list.join('|')})`;
/** A package by name, its types included, found in node_modules or not found at all. */
const npm = (...packages) => `(^|node_modules/)(@types/)?${names(packages)}(/|$)`;

const forbid = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });
const outside = (...paths) => ({ pathNot: paths });

module.exports = {
  forbidden: [
    forbid('no-circular', 'Import rule 1.', {}, { circular: true }),
    forbid(
      'kernel-is-pure',
      'Import rule 2: no npm, no Nest, no Node builtins, only itself.',
      { path: '^src/domain/', pathNot: SPEC },
      outside('^src/domain/'),
    ),
    forbid(
      'module-domain-is-pure',
      'Import rule 3: itself and the kernel.',
      { path: `${MODULE}domain/`, pathNot: SPEC },
      outside('^src/domain/', '^src/modules/$1/domain/'),
    ),
    forbid(
      'platform-knows-no-module',
      'Import rule 4.',
      { path: '^src/(platform|config)/' },
      { path: '^src/(modules/|app/|main\\.)' },
    ),
    forbid(
      'modules-know-no-app',
      'The app composes modules, never the reverse.',
      { path: '^src/modules/' },
      { path: '^src/(app/|main\\.)' },
    ),
    forbid(
      'persistence-is-a-leaf',
      'Import rule 5: only its own domain.',
      { path: `${MODULE}persistence/` },
      { path: '^src/modules/', pathNot: '^src/modules/$1/(persistence|domain)/' },
    ),
    forbid(
      'edges-talk-to-the-service',
      'Import rule 6: http and jobs never touch persistence, a transaction or the outbox.',
      { path: `${MODULE}(http|jobs)/` },
      { path: '^src/modules/[^/]+/persistence/|^src/platform/(database|outbox)/' },
    ),
    forbid(
      'nobody-imports-the-edges',
      'http and jobs are wired by their own module file and used by nobody else.',
      { path: '^src/', pathNot: `${MODULE}(http/|jobs/|[^/]+\\.module\\.ts$)` },
      { path: `${MODULE}(http|jobs)/` },
    ),
    forbid(
      'cross-module-via-index',
      'Import rule 7.',
      { path: MODULE },
      { path: '^src/modules/[^/]+/', pathNot: '^src/modules/($1/|[^/]+/index\\.ts$)' },
    ),
    forbid(
      'app-via-index',
      'The app sees of a module what other modules see, and its wiring.',
      { path: '^src/(app/|main\\.)' },
      { path: '^src/modules/', pathNot: '^src/modules/[^/]+/(index|[^/]+\\.module)\\.ts$' },
    ),
    ...Object.entries(EDGES).map(([module, targets]) =>
      forbid(
        `edges-of-${module}`,
        'Import rule 7: the table of allowed edges.',
        { path: `^src/modules/${module}/` },
        { path: '^src/modules/', pathNot: `^src/modules/${names([module, ...targets])}/` },
      ),
    ),
    forbid(
      'module-has-a-row-of-edges',
      'A module outside the table would escape it.',
      {},
      { path: '^src/modules/', pathNot: `^src/modules/${names(Object.keys(EDGES))}/` },
    ),
    forbid(
      'typeorm-only-in-persistence',
      'Import rule 8. Migrations live outside src.',
      { path: '^src/', pathNot: `${MODULE}persistence/|^src/platform/(database|outbox|idempotency)/` },
      { path: npm('typeorm') },
    ),
    forbid(
      'nest-typeorm-only-in-persistence-and-wiring',
      'Import rule 8: an injected TypeORM repository is TypeORM too; a module file registers entities.',
      { path: '^src/', pathNot: `${MODULE}persistence/|^src/platform/(database|outbox|idempotency)/|\\.module\\.ts$` },
      { path: npm('@nestjs/typeorm') },
    ),
    forbid(
      'pg-only-in-the-database-platform',
      'Import rule 8: a raw connection could leave the transaction.',
      { path: '^src/', pathNot: '^src/platform/database/' },
      { path: npm('pg', 'pg-copy-streams') },
    ),
    forbid(
      'bullmq-only-in-queue-and-jobs',
      'Import rule 9.',
      { path: '^src/', pathNot: `^src/platform/queue/|${MODULE}jobs/|\\.module\\.ts$` },
      { path: npm('bullmq', '@nestjs/bullmq') },
    ),
    forbid(
      'src-stands-alone',
      'Import rule 10, and the same for everything else that is not the product.',
      { path: '^src/' },
      { path: '^(test|migrations|scripts|bench)/' },
    ),
    forbid(
      'migrations-stand-alone',
      'A migration means for ever what it meant on its day; src moves on.',
      { path: '^migrations/' },
      { path: '^(src|test|scripts|bench)/' },
    ),
    forbid('nobody-imports-a-spec', 'A spec is run, not used.', {}, { path: SPEC }),
    forbid(
      'no-development-package-at-run-time',
      'The image holds production dependencies only.',
      { path: '^(src|migrations)/', pathNot: SPEC },
      { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'], dependencyTypesNot: ['type-only'] },
    ),
    forbid('everything-resolves', 'What is not found is held by no rule.', {}, { couldNotResolve: true }),
    forbid(
      'no-vague-names',
      'A name that says nothing collects everything.',
      {},
      { path: '/(utils?|common|shared|helpers?|base)(/|\\.[^/]*$)', pathNot: 'node_modules' },
    ),
  ],
  options: {
    tsConfig: { fileName: join(__dirname, 'tsconfig.json') },
    tsPreCompilationDeps: true, // otherwise type imports do not count
    // Generated for the tests, and not a part of the house.
    exclude: { path: '^src/metadata\\.ts$' },
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: {
      extensions: ['.ts', '.js'],
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
