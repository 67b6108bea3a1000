import type { Break } from '../../src/modules/reconciliation/domain/break.js';
import { ReconciliationService } from '../../src/modules/reconciliation/index.js';
import { type NewEvidence, TransfersService } from '../../src/modules/transfers/index.js';
import { PLATFORM, UnitOfWork } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { assertLedgerAddsUp, postedByKind } from '../support/balances.js';
import { runLoop, UNHURRIED } from '../support/engine-steps.js';
import { sayOf } from '../support/evidence-steps.js';
import { applyEvidence, breaksOf, contradict, resolveBreak, submitLine } from '../support/reconciliation-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('breaks', () => {
  let worker: TestWorker;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app, '10.00');
  });
  afterEach(() => assertLedgerAddsUp(worker.app));
  afterAll(() => worker.close());

  const submitted = (words: string) => submitLine(worker.app, payer, words);
  const say = (transferId: string, status: NewEvidence['status'], source: NewEvidence['source'] = 'callback') =>
    sayOf(worker.app, transferId, status, { source });
  const breaks = () => breaksOf(worker.app, payer.organizationId);
  const balances = () => postedByKind(worker.app, payer.organizationId);
  const paidAfterAll = () => contradict(worker.app, payer, 'sandbox:reject:AC04', 'settled');
  const resolve = (id: string, resolution: Break['resolution']) =>
    resolveBreak(worker.app, id, resolution, payer.organizationId);

  describe('out of evidence', () => {
    it('carry the money that a contradiction put on suspense', async () => {
      const found = await paidAfterAll();
      expect(found).toMatchObject({
        class: 'status',
        source: 'evidence',
        status: 'open',
        expected: 'failed, 1.00 EUR',
        suspenseMinor: -100n,
        amountMinor: 100n,
        currency: 'EUR',
        runId: null,
      });
      await expect(balances()).resolves.toEqual({ customer: 1_000n, suspense: -100n, clearing: 100n });
      const { transferId } = await submitted('Salary');
      await say(transferId, 'rejected');
      await applyEvidence(worker.app);
      expect((await breaks()).map((one) => one.suspenseMinor)).toEqual([-100n, 100n]);
      await expect(balances()).resolves.toEqual({ customer: 900n, suspense: 0n, clearing: 100n });
    });

    it('are opened once, whoever repeats it; that it was repeated is noted', async () => {
      const { transferId } = await submitted('sandbox:reject:AC04');
      await say(transferId, 'settled', 'callback');
      await applyEvidence(worker.app);
      await say(transferId, 'settled', 'statement');
      await applyEvidence(worker.app);
      await applyEvidence(worker.app);
      const [found, ...others] = await breaks();
      expect(others).toEqual([]);
      expect(found?.laterFindings).toEqual([
        { at: expect.any(Date), found: expect.stringMatching(/^settled, by statement of /) },
      ]);
      await resolve(found?.id ?? '', 'corrected_by_rail');
      await say(transferId, 'settled', 'notice');
      await applyEvidence(worker.app);
      await expect(breaks()).resolves.toMatchObject([{ status: 'resolved' }]);
    });

    it('are two when the rail says two things, and only one of them carries the money', async () => {
      const { transferId } = await submitted('sandbox:reject:AC04');
      await say(transferId, 'settled');
      await applyEvidence(worker.app);
      await say(transferId, 'returned');
      await applyEvidence(worker.app);
      const found = await breaks();
      expect(found.map((one) => one.suspenseMinor)).toEqual([-100n, 0n]);
      await resolve(found[0]?.id ?? '', 'corrected_by_rail');
      await resolve(found[1]?.id ?? '', 'no_action');
      await expect(balances()).resolves.toEqual({ customer: 1_000n, suspense: 0n, clearing: 0n });
    });

    it('are opened once when several processes report at the same time', async () => {
      const { transferId } = await submitted('sandbox:reject:AC04');
      await say(transferId, 'settled');
      await runLoop(worker.app, 'rail-evidence');
      await Promise.all(Array.from({ length: 5 }, () => runLoop(worker.app, 'reconciliation-evidence')));
      await expect(breaks()).resolves.toHaveLength(1);
    });

    it('about references that are nobody’s are the platform’s', async () => {
      const reference = 'A payment we never made';
      await worker.app.get(TransfersService, { strict: false }).keepEvidence([
        {
          rail: 'sandbox',
          reference,
          transferId: null,
          source: 'callback',
          status: 'settled',
          reasonCode: null,
          railId: 'B-1',
        },
      ]);
      await applyEvidence(worker.app);
      await expect(breaks()).resolves.toEqual([]);
      const all = await breaksOf(worker.app);
      expect(all.filter((one) => one.reference === reference)).toMatchObject([
        { class: 'missing_here', source: 'evidence', organizationId: null, railId: 'B-1', suspenseMinor: 0n },
      ]);
    });
  });

  it('of other modules are opened once, in their transaction', async () => {
    const service = worker.app.get(ReconciliationService, { strict: false });
    const { bulkId } = await submitted('Salary');
    const found = {
      organizationId: payer.organizationId,
      rail: 'sandbox',
      class: 'invariant' as const,
      source: 'completion' as const,
      bulkId,
      expected: 'captured 100',
      found: 'captured 0',
      dedupeKey: `completion:${bulkId}`,
    };
    const unitOfWork = worker.app.get(UnitOfWork);
    await expect(
      unitOfWork.run(PLATFORM, async (tx) => {
        await service.openBreak(tx, found);
        throw new Error('undo');
      }),
    ).rejects.toThrow('undo');
    await expect(breaks()).resolves.toEqual([]);
    for (let again = 0; again < 2; again++) await unitOfWork.run(PLATFORM, (tx) => service.openBreak(tx, found));
    await expect(breaks()).resolves.toMatchObject([{ source: 'completion', bulkId, suspenseMinor: 0n }]);
  });

  it('are assigned, and assigned again, until they are resolved', async () => {
    const { id } = await paidAfterAll();
    const service = worker.app.get(ReconciliationService, { strict: false });
    const assign = (who: string) => service.assign(payer.organizationId, id, who);
    await expect(assign('Ann')).resolves.toMatchObject({ status: 'assigned', assignee: 'Ann' });
    await expect(assign('Bob')).resolves.toMatchObject({ status: 'assigned', assignee: 'Bob' });
    await expect(resolve(id, 'written_off')).resolves.toMatchObject({ status: 'resolved', assignee: 'Bob' });
    await expect(refusalOf(assign('Ann'))).resolves.toMatchObject({ code: 'invalid_state' });
  });
});
