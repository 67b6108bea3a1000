import { RecordMoves } from '../../src/modules/transfers/application/record-moves.js';
import type { EvidenceStatus } from '../../src/modules/transfers/domain/decide-evidence.js';
import { EvidenceRepository, type NewEvidence } from '../../src/modules/transfers/persistence/evidence.repository.js';
import { railReference, transferIdOf } from '../../src/domain/ids.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  executeDue,
  finish,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  transfersOf,
  UNHURRIED,
} from '../support/engine-steps.js';
import { applyEvidence, breaksOf, resolveBreak } from '../support/reconciliation-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { resolveTransfer } from '../support/transfer-steps.js';
import { ownerOf } from '../support/owner.js';

describe('applying evidence', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  const contradicted: string[] = [];
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
  });
  afterAll(() => finish(worker, { contradicted, open }));

  const evidence = () => worker.app.get(EvidenceRepository, { strict: false });
  const apply = () => runLoop(worker.app, 'rail-evidence');
  const say = async (bulkId: string, line: number, status: EvidenceStatus, values: Partial<NewEvidence> = {}) => {
    const transfer = (await transfersOf(worker.app, bulkId)).find((one) => one.line === line);
    const reference = railReference(transfer?.id ?? '');
    const item: NewEvidence = {
      rail: 'sandbox',
      reference,
      transferId: transferIdOf(reference),
      source: 'callback',
      status,
      reasonCode: null,
      railId: null,
      ...values,
    };
    await evidence().insert(database, [item]);
  };
  const outcomesOf = async (bulkId: string): Promise<(string | null)[]> =>
    (
      await database.query<{ outcome: string | null }>(
        `SELECT e.outcome FROM rail_evidence e JOIN transfers t ON t.id = e.transfer_id
          WHERE t.bulk_id = $1 ORDER BY e.received_at, e.id`,
        [bulkId],
      )
    ).map(({ outcome }) => outcome);
  const breaksOfBulk = async (bulkId: string) =>
    (await breaksOf(worker.app, payer.organizationId)).filter((one) => one.bulkId === bulkId);

  it('decides nothing about a word that another process has applied since it was found', async () => {
    const bulkId = await payer.submit(1);
    open.push(bulkId);
    await say(bulkId, 0, 'settled');
    const findOpen = evidence().findOpen.bind(evidence());
    jest.spyOn(evidence(), 'findOpen').mockImplementationOnce(async (limit) => {
      const found = await findOpen(limit);
      await apply();
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ manual_review: 1 });
      return found;
    });
    await apply();
    // Never sent, and paid for all that: a person decides, not the second look at the same word.
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ manual_review: 1 });
    await expect(outcomesOf(bulkId)).resolves.toEqual(['contradiction']);
  });

  it('takes no rail’s word about what another one pays', async () => {
    const bulkId = await payer.submit(2, () => 'sandbox:accept');
    await executeDue(worker.app);
    await say(bulkId, 0, 'rejected', { rail: 'http' });
    await say(bulkId, 1, 'settled', { rail: 'http' });
    await applyEvidence(worker.app);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ submitted: 2 });
    await expect(outcomesOf(bulkId)).resolves.toEqual(['unmatched', 'unmatched']);
    await expect(breaksOfBulk(bulkId)).resolves.toMatchObject([
      { class: 'missing_here', rail: 'http', expected: 'Nothing on this rail: the transfer is paid through sandbox' },
      { class: 'missing_here', rail: 'http', suspenseMinor: 0n },
    ]);
  });

  it('holds up nothing for a line that cannot be recorded, not even the other lines of its bulk', async () => {
    const bulkId = await payer.submit(5, () => 'sandbox:accept');
    await executeDue(worker.app);
    for (let line = 0; line < 5; line++) await say(bulkId, line, 'settled');
    const recorder = worker.app.get(RecordMoves, { strict: false });
    const record = recorder.record.bind(recorder);
    const poisoned = jest.spyOn(recorder, 'record').mockImplementation(async (tx, input) => {
      if (input.moves.some((move) => move.line.line === 3)) throw new Error('no');
      return record(tx, input);
    });
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 4, submitted: 1 });
    // It waits longer and longer: a batch full of such lines would keep everybody else's evidence from being seen.
    await expect(evidence().findOpen(10)).resolves.toEqual([]);
    poisoned.mockRestore();
    await skipTime(worker.app);
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 5 });
    await expect(openChunksOf(worker.app, bulkId)).resolves.toEqual([]);
  });

  it('opens a case for money on suspense, also when a case about the same word was closed before there was any', async () => {
    const bulkId = await payer.submit(1);
    contradicted.push(bulkId);
    await say(bulkId, 0, 'settled');
    await applyEvidence(worker.app);
    const [first] = await breaksOfBulk(bulkId);
    expect(first).toMatchObject({ class: 'status', suspenseMinor: 0n });
    await resolveBreak(worker.app, first?.id ?? '', 'no_action');
    const [transfer] = await transfersOf(worker.app, bulkId);
    await resolveTransfer(worker.app, {
      organizationId: payer.organizationId,
      transferId: transfer?.id ?? '',
      outcome: 'failed',
      evidence: 'The bank said so on the telephone',
    });
    // The operator was wrong: the statement says so, too.
    for (const source of ['statement', 'notice'] as const) {
      await say(bulkId, 0, 'settled', { source });
      await applyEvidence(worker.app);
    }
    const [, second, ...others] = await breaksOfBulk(bulkId);
    expect(others).toEqual([]);
    expect(second).toMatchObject({ class: 'status', status: 'open', suspenseMinor: -100n });
    await resolveBreak(worker.app, second?.id ?? '', 'charged_to_debtor');
    await expect(
      database.query(`SELECT posted_minor FROM accounts WHERE organization_id = $1 AND kind = 'suspense'`, [
        payer.organizationId,
      ]),
    ).resolves.toEqual([{ posted_minor: 0n }]);
  });
});
