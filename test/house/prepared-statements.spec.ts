import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SRC = path.resolve(__dirname, '../../src');

const sources = (): string[] =>
  readdirSync(SRC, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(path.join(SRC, file), 'utf8'));

/** Names of prepared statements, as the sources give them. */
const preparedNames = (): string[] =>
  sources().flatMap((text) => [...text.matchAll(/\bprepared\(\s*'([^']+)'/g)].map(([, name]) => name ?? ''));

/** What stands in the parentheses of each `IN (SELECT ...)`. */
function subSelects(text: string): string[] {
  return [...text.matchAll(/\bIN \(SELECT\b/g)].map(({ index }) => {
    const start = text.indexOf('(', index);
    let depth = 0;
    let end = start;
    do {
      if (text[end] === '(') depth += 1;
      if (text[end] === ')') depth -= 1;
      end += 1;
    } while (depth > 0 && end < text.length);
    return text.slice(start, end);
  });
}

/** A connection knows a plan by its name: two texts of one name fail at the second, wherever that happens to be. */
describe('prepared statements', () => {
  it('have names of their own that PostgreSQL does not cut', () => {
    const names = preparedNames();
    expect(names).toContain('lease_chunk');
    expect([...names].sort()).toEqual([...new Set(names)].sort());
    expect(names.filter((name) => !/^[a-z_]{1,63}$/.test(name))).toEqual([]);
  });
});

describe('a statement that takes what nobody else has taken', () => {
  it('says which in a part that is materialized: a sub-select may be run more than once, and takes more than its limit', () => {
    const taking = `UPDATE a WHERE id IN (SELECT id FROM b WHERE c IN ('d') LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id`;
    const takes = (text: string): string[] =>
      subSelects(text).filter((select) => select.includes('LIMIT') && select.includes('SKIP LOCKED'));
    expect(takes(taking)).toHaveLength(1);
    expect(sources().flatMap(takes)).toEqual([]);
  });
});
