import type { Access, Tx, UnitOfWork } from '../../../platform/database/index.js';
import type { Refusal } from '../../../platform/http/index.js';
import { setLogLevel } from '../../../platform/logging/index.js';
import type { AuditMetrics } from '../audit.metrics.js';
import type { UnchainedEntry } from '../domain/audit-entry.js';
import { MAX_KINDS } from './alike-refusals.js';
import type { AppendEntries } from './append-entries.js';
import { MAX_WAITING, RecordRefusals } from './record-refusals.js';

const ACME = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';

const refusal = (change: Partial<Refusal> = {}): Refusal => ({
  at: new Date('2026-11-21T09:30:00.000Z'),
  organizationId: ACME,
  actor: { kind: 'key', id: 'k1', keyId: 'k1' },
  method: 'POST',
  route: '/api/v1/accounts',
  status: 403,
  code: 'forbidden',
  requestId: 'r1',
  ...change,
});

/** A database that can be away, and forget to say that it has committed. */
function setUp() {
  const written: UnchainedEntry[][] = [];
  const failures: (Error | null)[] = [];
  const counts = { refused: 0, dropped: 0 };
  const unitOfWork = {
    run: (_access: Access, work: (tx: Tx) => Promise<void>) => work({} as Tx),
  } as unknown as UnitOfWork;
  const append = async (_tx: Tx, chain: string, entries: readonly UnchainedEntry[]): Promise<void> => {
    const failure = failures.shift() ?? null;
    if (failure) throw failure;
    expect(chain).toBe('refusals');
    written.push([...entries]);
  };
  const metrics = { refused: () => (counts.refused += 1), dropped: (count: number) => (counts.dropped += count) };
  const recorder = new RecordRefusals(
    unitOfWork,
    { append } as unknown as AppendEntries,
    metrics as unknown as AuditMetrics,
  );
  return { recorder, written, failures, counts };
}

describe('refused attempts', () => {
  beforeAll(() => setLogLevel('silent'));
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('are written together, a moment later, in one transaction for each owner', async () => {
    const { recorder, written } = setUp();
    recorder.record(refusal());
    recorder.record(refusal({ organizationId: null }));
    recorder.record(refusal({ route: '/api/v1/transfers' }));
    expect(written).toEqual([]);
    await jest.advanceTimersByTimeAsync(200);
    expect(written.map((entries) => entries.map((entry) => entry.organizationId))).toEqual([[ACME, ACME], [null]]);
    expect(written[0]?.[0]).toEqual({
      id: expect.any(String),
      organizationId: ACME,
      occurredAt: refusal().at,
      action: 'request.refused',
      actor: refusal().actor,
      requestId: 'r1',
      resource: { type: 'route', id: 'POST /api/v1/accounts' },
      reason: 'forbidden',
      before: null,
      after: { status: 403 },
    });
    await jest.advanceTimersByTimeAsync(10_000);
    expect(written).toHaveLength(2);
  });

  const later = (seconds: number): Date => new Date(refusal().at.getTime() + seconds * 1_000);

  it('that are alike are one entry for the first, and at the end of the minute one for all others', async () => {
    const { recorder, written, counts } = setUp();
    for (let second = 0; second < 50; second++) {
      recorder.record(refusal({ at: later(second), requestId: `r${second}` }));
    }
    await jest.advanceTimersByTimeAsync(59_000);
    expect(written.flat()).toMatchObject([{ requestId: 'r0', after: { status: 403 } }]);
    await jest.advanceTimersByTimeAsync(1_200);
    const others = { status: 403, count: 49, since: later(1).toISOString() };
    expect(written.flat().slice(1)).toMatchObject([{ requestId: 'r49', occurredAt: later(49), after: others }]);
    recorder.record(refusal({ requestId: 'next' }));
    await jest.advanceTimersByTimeAsync(200);
    expect(written.flat().slice(2)).toMatchObject([{ requestId: 'next', after: { status: 403 } }]);
    await jest.advanceTimersByTimeAsync(120_000);
    expect(written.flat()).toHaveLength(3);
    expect(counts).toEqual({ refused: 51, dropped: 0 });
  });

  it.each<[string, Partial<Refusal>]>([
    ['organization', { organizationId: null }],
    ['caller', { actor: { kind: 'key', id: 'k2', keyId: 'k2' } }],
    ['method', { method: 'DELETE' }],
    ['route', { route: '/api/v1/transfers' }],
    ['status', { status: 429 }],
    ['code', { code: 'rate_limited' }],
  ])('of another %s are no repetition', async (_, change) => {
    const { recorder, written } = setUp();
    for (const one of [refusal(), refusal(change)]) recorder.record(one);
    await jest.advanceTimersByTimeAsync(200);
    expect(written.flat()).toHaveLength(2);
  });

  it('of more kinds than one caller can need are counted, and the count is written down; others have their own', async () => {
    const { recorder, written, counts } = setUp();
    const stranger = { organizationId: null, actor: { kind: 'anonymous', id: 'anonymous', keyId: null } } as const;
    for (let i = 0; i < MAX_KINDS + 7; i++) recorder.record(refusal({ ...stranger, route: `/${i}` }));
    recorder.record(refusal());
    await jest.advanceTimersByTimeAsync(200);
    expect(written.map((entries) => entries.length)).toEqual([MAX_KINDS, 1]);
    await jest.advanceTimersByTimeAsync(60_000);
    const dropped = { organizationId: null, action: 'refusals.dropped', reason: 'too_many', after: { dropped: 7 } };
    expect(written.slice(2)).toMatchObject([[dropped]]);
    expect(counts).toEqual({ refused: MAX_KINDS + 8, dropped: 7 });
  });

  it('that could not be written are tried again as they were, and no more than can wait beside them', async () => {
    const { recorder, written, failures, counts } = setUp();
    failures.push(...Array.from({ length: 3 }, () => new Error('away')));
    recorder.record(refusal({ requestId: 'first' }));
    await jest.advanceTimersByTimeAsync(200);
    for (let i = 0; i < MAX_WAITING; i++) {
      const actor = { kind: 'key', id: `k${i % 50}`, keyId: `k${i % 50}` } as const;
      recorder.record(refusal({ requestId: 'later', actor, route: `/${i}` }));
    }
    await jest.advanceTimersByTimeAsync(10_000);
    const requests = written.flat().map(({ requestId }) => requestId);
    expect(requests.filter((id) => id === 'first')).toEqual(['first']);
    expect(requests.filter((id) => id === 'later')).toHaveLength(MAX_WAITING - 1);
    expect(counts.dropped).toBe(1);
    await jest.advanceTimersByTimeAsync(60_000);
    expect(written.at(-1)).toMatchObject([{ action: 'refusals.dropped', after: { dropped: 1 } }]);
  });

  it('whose commit was lost on the way are not written twice', async () => {
    const { recorder, written, failures } = setUp();
    const known = { code: '23505', constraint: 'audit_log_pkey' };
    failures.push(new Error('connection lost during COMMIT'), Object.assign(new Error('duplicate key'), known));
    recorder.record(refusal());
    await jest.advanceTimersByTimeAsync(10_000);
    expect([written, failures]).toEqual([[], []]);
  });

  it('whose place in the chain is taken are kept: that was somebody else', async () => {
    const { recorder, written, failures } = setUp();
    failures.push(Object.assign(new Error('duplicate key'), { code: '23505', constraint: 'audit_log_in_order' }));
    recorder.record(refusal());
    await jest.advanceTimersByTimeAsync(10_000);
    expect(written).toHaveLength(1);
  });

  it('are written before the process ends', async () => {
    const { recorder, written } = setUp();
    recorder.record(refusal());
    recorder.record(refusal({ requestId: 'again' }));
    await recorder.onApplicationShutdown();
    expect(written.flat()).toMatchObject([{ requestId: 'r1' }, { requestId: 'again', after: { count: 1 } }]);
  });
});
