import { type AuditEntry, type AuditHead, NO_HASH } from './audit-entry.js';
import { type BrokenLink, ChainCheck } from './chain-check.js';

/** Hashes that can be read: an entry's says its place and what it follows. */
const hashOf = ({ sequence, previousHash, reason }: Pick<AuditEntry, 'sequence' | 'previousHash' | 'reason'>): string =>
  `${sequence}${reason ?? ''}<${previousHash.slice(0, 12)}`;

function chainOf(length: number): AuditEntry[] {
  const chain: AuditEntry[] = [];
  for (let sequence = 1; sequence <= length; sequence++) {
    const link = { sequence, previousHash: chain.at(-1)?.hash ?? NO_HASH, reason: null };
    chain.push({ ...link, id: `id-${sequence}`, chain: 'changes', hash: hashOf(link) } as AuditEntry);
  }
  return chain;
}

const headOf = (entry: AuditEntry | undefined): AuditHead | null =>
  entry ? { organizationId: null, chain: 'changes', sequence: entry.sequence, hash: entry.hash } : null;

function check(entries: readonly AuditEntry[], head: AuditHead | null): BrokenLink | null {
  const chain = new ChainCheck('changes', hashOf);
  for (const entry of entries) {
    const broken = chain.take(entry);
    if (broken) return broken;
  }
  return chain.end(head);
}

const broken = (sequence: number, id: string | null, problem: string) => ({ chain: 'changes', sequence, id, problem });

describe('a chain', () => {
  it.each([0, 1, 5])('of %p entries as they were written is whole', (length) => {
    const chain = chainOf(length);
    expect(check(chain, headOf(chain.at(-1)))).toBeNull();
  });

  it('with an empty head is whole as long as it has no entry', () => {
    expect(check([], { organizationId: null, chain: 'changes', sequence: 0, hash: NO_HASH })).toBeNull();
  });

  it('is broken where an entry says something else than what was hashed', () => {
    const chain = chainOf(4).map((entry) => (entry.sequence === 3 ? { ...entry, reason: 'forged' } : entry));
    expect(check(chain, headOf(chain.at(-1)))).toEqual(broken(3, 'id-3', 'hash'));
  });

  it('is broken behind an entry that was hashed anew', () => {
    const forged = (entry: AuditEntry): AuditEntry => ({
      ...entry,
      reason: 'x',
      hash: hashOf({ ...entry, reason: 'x' }),
    });
    const chain = chainOf(4).map((entry) => (entry.sequence === 3 ? forged(entry) : entry));
    expect(check(chain, headOf(chain.at(-1)))).toEqual(broken(4, 'id-4', 'previous_hash'));
    const atEnd = chainOf(3).map((entry) => (entry.sequence === 3 ? forged(entry) : entry));
    expect(check(atEnd, headOf(chainOf(3).at(-1)))).toEqual(broken(3, 'id-3', 'head'));
  });

  it('is broken where an entry is missing, at the number it had', () => {
    const chain = chainOf(5);
    const without = (sequence: number) => chain.filter((entry) => entry.sequence !== sequence);
    expect(check(without(1), headOf(chain.at(-1)))).toEqual(broken(1, null, 'gap'));
    expect(check(without(4), headOf(chain.at(-1)))).toEqual(broken(4, null, 'gap'));
    expect(check(without(5), headOf(chain.at(-1)))).toEqual(broken(5, null, 'head'));
  });

  it('is broken where a number comes twice', () => {
    const [first, second, third] = chainOf(3) as [AuditEntry, AuditEntry, AuditEntry];
    const twin = { ...second, id: 'twin' };
    expect(check([first, second, twin, third], headOf(third))).toEqual(broken(2, 'twin', 'gap'));
  });

  it.each([
    ['behind its end', { sequence: 9 }, broken(4, null, 'head')],
    ['before its end', { sequence: 2 }, broken(3, 'id-3', 'head')],
    ['at its end with another hash', { hash: 'x' }, broken(3, 'id-3', 'head')],
  ])('is broken at its end when its head is %s', (_, change, expected) => {
    const chain = chainOf(3);
    expect(check(chain, { ...(headOf(chain.at(-1)) as AuditHead), ...change })).toEqual(expected);
  });

  it('is broken without a head when it must have begun, and whole with one that is empty', () => {
    const empty = { organizationId: null, chain: 'changes', sequence: 0, hash: NO_HASH } as const;
    expect(new ChainCheck('changes', hashOf).end(null, true)).toEqual(broken(1, null, 'head'));
    expect(new ChainCheck('changes', hashOf).end(empty, true)).toBeNull();
    expect(new ChainCheck('changes', hashOf).end(null, false)).toBeNull();
  });

  it('is broken without its head', () => {
    expect(check(chainOf(2), null)).toEqual(broken(2, 'id-2', 'head'));
  });
});
