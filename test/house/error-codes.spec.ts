import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { DOCUMENTED_CODES } from '../../src/platform/http/problem-titles.js';

const ROOT = path.resolve(__dirname, '../..');
/** `new DomainError('<kind>', '<code>'`: what is a bug of ours is answered as `internal_error`. */
const THROWN = /new DomainError\(\s*'(?!invariant')[a-z_]+',\s*'([a-z_]+)'/g;

function thrownCodes(): string[] {
  const files = readdirSync(path.join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => readFileSync(path.join(ROOT, 'src', file), 'utf8'));
  const codes = files.flatMap((text) => [...text.matchAll(THROWN)].map((match) => match[1] ?? ''));
  return [...new Set(codes)].sort();
}

describe('the codes of refusals', () => {
  it('are all on the page that the type of a problem links to', () => {
    const codes = thrownCodes();
    expect(codes.length).toBeGreaterThan(15);
    expect(codes.filter((code) => !(code in DOCUMENTED_CODES))).toEqual([]);
  });

  it('are all in docs/errors.md', () => {
    const page = readFileSync(path.join(ROOT, 'docs/errors.md'), 'utf8');
    expect(thrownCodes().filter((code) => !page.includes(`\`${code}\``))).toEqual([]);
  });
});
