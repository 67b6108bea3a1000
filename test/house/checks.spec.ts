import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '..', '..');
type Tree = Readonly<Record<string, string>>;

describe('repository checks', () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

  /** Runs a check over a tree written for it: what it reports, one fault a line; '' when it passes. */
  function faultsOf(script: string, tree: Tree): string {
    const folder = mkdtempSync(join(tmpdir(), 'tranche-checks-'));
    folders.push(folder);
    for (const [file, text] of Object.entries(tree)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'scripts', script), folder], {
      encoding: 'utf8',
    });
    expect(status).toBe(stderr === '' ? 0 : 1);
    return stderr.trim();
  }

  describe('links in documents', () => {
    const tree = (link: string): Tree => ({
      'README.md': `# Start\n\n${link}\n`,
      'docs/states.md': '# States\n\n## One `state`: at a time!\n\n## Twice\n\n## Twice\n',
      'docs/a (1).md': '# A',
    });

    it.each([
      '[a file](docs/states.md)',
      '[a folder](docs/)',
      '[from the root](/docs/states.md)',
      '[a heading](docs/states.md#one-state-at-a-time)',
      '[a repeated heading](docs/states.md#twice-1)',
      '[its own heading](#start)',
      '[a name with spaces](docs/a%20(1).md "title")',
      '[another host](https://example.test/missing.md)',
      'code `[x](missing.md)`\n\n```\n[x](missing.md)\n```',
    ])('accepts %s', (link) => {
      expect(faultsOf('check-docs.mjs', tree(link))).toBe('');
    });

    it.each([
      ['[a missing file](docs/missing.md)', 'link "docs/missing.md" leads nowhere'],
      ['![a missing picture](docs/missing.png)', 'link "docs/missing.png" leads nowhere'],
      ['[a missing heading](docs/states.md#three)', 'link "docs/states.md#three" names no heading there'],
      ['[outside](../shared/design.md)', 'link "../shared/design.md" leads out of the repository'],
      ['[by reference][it]\n\n[it]: docs/gone.md', 'link "docs/gone.md" leads nowhere'],
    ])('refuses %s', (link, fault) => {
      expect(faultsOf('check-docs.mjs', tree(link))).toContain(fault);
    });
  });

  describe('environment variables', () => {
    const GOOD: Tree = {
      'package.json': '{ "type": "module" }',
      'dist/config/config.schema.js': `
        import { z } from 'zod';
        export const configSchema = z.object({ PORT: z.coerce.number().int().default(3000), LOG_LEVEL: z.enum(['info']).optional() });`,
      '.env.example': '# The port.\nPORT=3000\n# LOG_LEVEL=info\nADMIN_PASSWORD=\n',
      'docs/configuration.md':
        '| name | what |\n| --- | --- |\n| `PORT` | |\n| `LOG_LEVEL` | |\n\nLocal servers read `LOCAL_BIN`. `COPY`.\n',
      'docker-compose.yml':
        'x-tranche-environment: &env\n  # why\n  PORT: 3000\n\nservices:\n  db:\n    environment:\n      SECRET: ${ADMIN_PASSWORD:?}\n',
      'scripts/servers.mjs': 'console.log(process.env.LOCAL_BIN);',
    };
    const faults = (change: Tree): string => faultsOf('check-env.mjs', { ...GOOD, ...change });

    it('agree when every name is everywhere', () => {
      expect(faults({})).toBe('');
    });

    it.each<[string, Tree]>([
      ['.env.example lacks LOG_LEVEL', { '.env.example': 'PORT=3000\n' }],
      ['.env.example names PRT, which nothing reads', { '.env.example': 'PORT=1\n# LOG_LEVEL=info\nPRT=1\n' }],
      ['.env.example names PORT twice', { '.env.example': 'PORT=1\n# LOG_LEVEL=info\n# PORT=2\n' }],
      ['.env.example gives PORT a value that is refused at boot', { '.env.example': 'PORT=web\nLOG_LEVEL=info\n' }],
      ['docs/configuration.md lacks LOG_LEVEL', { 'docs/configuration.md': '`PORT` LOG_LEVEL' }],
      [
        'docs/configuration.md names OLD_NAME, which nothing reads',
        { 'docs/configuration.md': '`PORT` `LOG_LEVEL` `OLD_NAME`' },
      ],
      [
        'docs/configuration.md names OLD, which nothing reads',
        { 'docs/configuration.md': '`PORT` `LOG_LEVEL`\n| `OLD` | |' },
      ],
      [
        'docker-compose.yml sets PORTS, which nothing reads',
        { 'docker-compose.yml': 'x-tranche-environment:\n  PORTS: 1\n' },
      ],
      [
        'config.schema.ts exports no zod object named configSchema',
        { 'dist/config/config.schema.js': 'export const other = 1;' },
      ],
    ])('disagree: %s', (fault, change) => {
      expect(faults(change)).toContain(fault);
    });
  });
});
