import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { buildOpenApiDocument } from '../../src/app/openapi.js';
import { faultsOfPattern } from './regular-expression-check.js';

const SRC = path.resolve(__dirname, '../../src');

/** Accepted in spite of what the check says, and why. */
const BOUNDED: Readonly<Record<string, string>> = {
  '(\\d+)!([nac])': 'the IBAN registry, a constant',
  ';\\s*charset\\s*=\\s*"?([^";\\s]+)"?':
    'a header of 16 KiB at most; each start needs a semicolon, which ends every repetition',
  '[.:](?=\\s|$)|\\n\\s*\\n': 'our own comments, at the start',
  '\\/+$': 'RAIL_HTTP_URL, at the start',
  '(:\\/\\/[^\\s:@/]{0,128}):(?!\\d{1,5}(?:[\\s/?#]|$))\\S{0,512}@': 'every repetition is short',
  '\\beyJ[\\w-]{1,4096}\\.eyJ[\\w-]{1,8192}\\.[\\w-]*':
    'a start is behind a word boundary, which no repetition crosses',
  '(?<!\\\\)"lines"\\s*:\\s*$': 'the last 256 characters of a frame',
};

interface Found {
  where: string;
  source: string;
  flags: string;
}

/** Every literal of the sources. */
function literals(): Found[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.spec.ts') && file !== 'metadata.ts',
  );
  return files.flatMap((file) => {
    const found: Found[] = [];
    const source = ts.createSourceFile(file, readFileSync(path.join(SRC, file), 'utf8'), ts.ScriptTarget.ES2022);
    const visit = (node: ts.Node): void => {
      if (ts.isRegularExpressionLiteral(node)) {
        const end = node.text.lastIndexOf('/');
        found.push({ where: file, source: node.text.slice(1, end), flags: node.text.slice(end + 1) });
      }
      ts.forEachChild(node, visit);
    };
    visit(source);
    return found;
  });
}

/** Every pattern of the contract, which requests are checked against. Ajv sets the flag `u`. */
async function patterns(): Promise<Found[]> {
  const found: Found[] = [];
  const walk = (value: unknown, where: string): void => {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, child] of Object.entries(value)) {
      if (key === 'pattern' && typeof child === 'string') found.push({ where, source: child, flags: 'u' });
      else walk(child, `${where}/${key}`);
    }
  };
  walk(await buildOpenApiDocument(), '');
  return found;
}

const faulty = (found: readonly Found[]): string[] =>
  found.flatMap(({ where, source, flags }) => {
    const faults = source in BOUNDED ? [] : faultsOfPattern(source, flags);
    return faults.map((fault) => `${where}: /${source}/: ${fault}`);
  });

describe('regular expressions', () => {
  it('of the sources take linear time, or are named here with what bounds them', () => {
    const found = literals();
    expect(found.length).toBeGreaterThan(30);
    expect(faulty(found)).toEqual([]);
    const sources = found.map(({ source }) => source);
    expect(Object.keys(BOUNDED).filter((source) => !sources.includes(source))).toEqual([]);
  });

  it('of the contract take linear time', async () => {
    const found = await patterns();
    expect(found.length).toBeGreaterThan(15);
    expect(faulty(found)).toEqual([]);
  });

  it.each([
    ...['^(a+)+$', '^(a|a)*$', '^(a|ab)*c$', '^(a*)*$', '^(.*)*$', '^(?:a|b|ab)+$', '^([a-z]+)*$', '^(a?)*$'],
    ...['^a*a*$', '^.*.*$', '^\\d+\\d+$', '^(a+b?)+$', '\\s+$', 'a*b', '(a)\\1', '^(a[a-z]?)+$', '(?=(a+)+)x'],
    ...['^[a-z]*[0-9a-f]*$', '^(\\w+\\s?)*$', '^([a-zA-Z0-9])(([\\-.]|[_]+)?([a-zA-Z0-9]+))*$'],
  ])('are recognized when they do not: %s', (source) => {
    expect(faultsOfPattern(source, '')).not.toEqual([]);
  });

  it.each([
    ...['^a+$', '^(ab)*$', '^[a-z0-9](-?[a-z0-9])*$', '^(0|[1-9][0-9]{0,11})(\\.[0-9]{1,3})?$', '\\s+', '^.*"$'],
    ...['^ *([A-Za-z0-9] *){15,34}$', '^Bearer +([!-~]+)$', '[a-z]+', 'Controller$', '^(?:[a-z]+,)*\\d{1,3}x$'],
  ])('are left alone when they do: %s', (source) => {
    expect(faultsOfPattern(source, '')).toEqual([]);
  });
});
