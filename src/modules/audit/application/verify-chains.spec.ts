import type { Database, Queryable } from '../../../platform/database/index.js';
import { setLogLevel } from '../../../platform/logging/index.js';
import { type AuditEntry, NO_HASH } from '../domain/audit-entry.js';
import type { AuditLogRepository, ChainPlace } from '../persistence/audit-log.repository.js';
import { hashOfEntry } from './hashes.js';
import { VerifyChains } from './verify-chains.js';

const ACME = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';

/** A log of one chain that somebody writes to whenever it is read. */
function setUp(length: number) {
  const entries: AuditEntry[] = [];
  const write = (): void => {
    const sequence = entries.length + 1;
    const link: Omit<AuditEntry, 'hash'> = {
      ...{ id: `id-${sequence}`, organizationId: ACME, chain: 'changes', sequence, occurredAt: new Date(0) },
      ...{ action: 'account.opened', actor: { kind: 'system', id: 'system', keyId: null }, requestId: null },
      ...{ resource: { type: 'account', id: 'a' }, reason: null, before: null, after: null },
      previousHash: entries.at(-1)?.hash ?? NO_HASH,
    };
    entries.push({ ...link, hash: hashOfEntry(link) });
  };
  while (entries.length < length) write();
  const listEnds = async () => {
    const { sequence, hash } = entries.at(-1) as AuditEntry;
    const head = { organizationId: ACME, chain: 'changes', sequence, hash };
    return [{ chain: 'changes', head, lastSequence: sequence }];
  };
  const listChain = jest.fn(
    async (
      _on: Queryable,
      _organizationId: string,
      _chain: string,
      { after, through, limit }: { after: ChainPlace | null; through: number; limit: number },
    ) => {
      write();
      const from = after?.sequence ?? 0;
      return entries.slice(from, Math.min(from + limit, through));
    },
  );
  const log = { listEnds, listChain } as unknown as AuditLogRepository;
  const database = { as: () => ({}) } as unknown as Database;
  return { chains: new VerifyChains(database, log), listChain };
}

describe('verifying an audit log', () => {
  beforeAll(() => setLogLevel('silent'));

  it('follows it to where it ended at the beginning, in statements of their own, though it grows', async () => {
    const { chains, listChain } = setUp(600);
    const { checked, firstBroken, heads } = await chains.verify(ACME, null);
    expect({ checked, firstBroken, heads }).toMatchObject({
      checked: 600,
      firstBroken: null,
      heads: [{ sequence: 600 }],
    });
    expect(listChain).toHaveBeenCalledTimes(3);
    expect((await chains.verify(ACME, null)).checked).toBe(603);
  });

  it('is done for one at a time; the next is told when to come again', async () => {
    const { chains } = setUp(1);
    const first = chains.verify(ACME, null);
    await expect(chains.verify(ACME, null)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'unavailable',
      details: { retryAfterSeconds: 5 },
    });
    await expect(first).resolves.toMatchObject({ checked: 1, firstBroken: null });
    await expect(chains.verify(ACME, null)).resolves.toMatchObject({ firstBroken: null });
  });
});
