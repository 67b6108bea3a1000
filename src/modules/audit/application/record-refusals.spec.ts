import type { Access, Tx, UnitOfWork } from '../../../platform/database/index.js';
import type { Refusal } from '../../../platform/http/index.js';
import { setLogLevel } from '../../../platform/logging/index.js';
import type { AuditMetrics } from '../audit.metrics.js';
import type { UnchainedEntry } from '../domain/audit-entry.js';
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
  const metrics = { refused: () => (counts.refused += 1), dropped: () => (counts.dropped += 1) };
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
    for (const organizationId of [ACME, null, ACME]) recorder.record(refusal({ organizationId }));
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

  it('beyond what can wait are counted, and the count is written down', async () => {
    const { recorder, written, counts } = setUp();
    for (let i = 0; i < MAX_WAITING + 7; i++) recorder.record(refusal());
    await jest.advanceTimersByTimeAsync(200);
    expect(written.map((entries) => entries.length)).toEqual([MAX_WAITING, 1]);
    const dropped = { organizationId: null, action: 'refusals.dropped', after: { dropped: 7 } };
    expect(written[1]?.[0]).toMatchObject(dropped);
    expect(counts).toEqual({ refused: MAX_WAITING + 7, dropped: 7 });
  });

  it('that could not be written are tried again as they were, and those since beside them', async () => {
    const { recorder, written, failures, counts } = setUp();
    failures.push(new Error('away'), new Error('away'));
    recorder.record(refusal({ requestId: 'first' }));
    await jest.advanceTimersByTimeAsync(200);
    for (let i = 0; i < MAX_WAITING; i++) recorder.record(refusal({ requestId: 'later' }));
    await jest.advanceTimersByTimeAsync(1_000);
    expect(written.flat().map((entry) => entry.requestId)).toEqual([
      ...Array.from({ length: MAX_WAITING - 1 }, () => 'later'),
      null,
    ]);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(written.at(-1)?.map((entry) => entry.requestId)).toEqual(['first']);
    expect(counts.dropped).toBe(1);
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
    await recorder.onApplicationShutdown();
    expect(written).toHaveLength(1);
  });
});
