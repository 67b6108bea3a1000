import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const SRC = path.resolve(__dirname, '../../src');

/** Names of prepared statements, as the sources give them. */
function preparedNames(): string[] {
  const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'));
  return files.flatMap((file) =>
    [...readFileSync(path.join(SRC, file), 'utf8').matchAll(/\bprepared\(\s*'([^']+)'/g)].map(([, name]) => name ?? ''),
  );
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
