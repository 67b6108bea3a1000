import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { RecordMoves } from '../../src/modules/transfers/application/record-moves.js';
import type { EvidenceStatus } from '../../src/modules/transfers/domain/decide-evidence.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { germanIban } from '../factories/bulk-requests.js';
import { createAccount, createOrganization } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  completeAll,
  executeChunk,
  executeDue,
  finish,
  onlyChunkOf,
  runLoop,
  statusesOf,
  transfersOf,
  UNHURRIED,
} from '../support/engine-steps.js';
import { outcomesOf, sayOfLine } from '../support/evidence-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import {
  bringToReview,
  cancelTransfer,
  type ControlOptions,
  detailOf,
  heldMoneyOf,
  lineOf,
  resolveTransfer,
  untilSomebodyWaits,
  verdictOf,
} from '../support/transfer-steps.js';
import { ownerOf } from '../support/owner.js';

const EVIDENCE = 'Statement 118, entry 4';
/** The sandbox executes it and its answer is lost; or it never gets there, because its workers die first. */
const TRUTH = { settled: 'sandbox:timeout', failed: 'Salary' } as const;
type Outcome = keyof typeof TRUTH;

describe('resolving a transfer that a person has to decide about', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  const contradicted: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app, '100.00');
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker, { contradicted }));

  /** A bulk of one line that is in manual review, and was or was not paid in truth. */
  async function reviewed(truth: Outcome, values: Partial<Submission> = {}): Promise<string> {
    const bulkId = await payer.submit(1, () => TRUTH[truth], values);
    if (truth === 'settled') await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
    await bringToReview(worker.app, bulkId);
    return bulkId;
  }
  const resolve = async (bulkId: string, outcome: Outcome, evidence = EVIDENCE, options: ControlOptions = {}) => {
    const transferId = await lineOf(worker.app, bulkId);
    const command = { organizationId: payer.organizationId, transferId, outcome, evidence };
    return resolveTransfer(worker.app, command, options);
  };
  const attempt = (bulkId: string, outcome: Outcome) => verdictOf(resolve(bulkId, outcome));
  const say = (bulkId: string, status: EvidenceStatus) => sayOfLine(worker.app, bulkId, 0, status);
  const apply = () => runLoop(worker.app, 'rail-evidence');
  const saidOf = (bulkId: string) => outcomesOf(worker.app, bulkId);
  const bulkOf = (bulkId: string) =>
    worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);
  const moneyOf = (bulkId: string) => heldMoneyOf(worker.app, bulkId);
  const settlementsOf = async (bulkId: string): Promise<number> =>
    (
      await database.query(
        `SELECT 1 FROM ledger_entries e JOIN transfers t ON t.id = e.transfer_id
          WHERE t.bulk_id = $1 AND e.kind = 'settlement'`,
        [bulkId],
      )
    ).length;
  const PAID = { available: 9_900n, reserved: 0n, captured: 100n, released: 0n };
  const FREE = { available: 10_000n, reserved: 0n, captured: 0n, released: 100n };

  it('as settled books the payment, tells by whom and on what evidence, and completes the bulk', async () => {
    const bulkId = await reviewed('settled');
    await expect(moneyOf(bulkId)).resolves.toMatchObject({ reserved: 100n, captured: 0n, released: 0n });
    // The sweep that ended the last lease asked already, for nothing: the line was open.
    await database.execute(`DELETE FROM outbox WHERE dedupe_key = $1`, [`complete:${bulkId}`]);
    const answer = await resolve(bulkId, 'settled');
    expect(answer).toMatchObject({
      status: 'settled',
      failure: null,
      settled_at: expect.any(String),
      attempts_made: 1,
    });
    const operator = { source: 'operator', status: 'settled', code: 'resolved_by_operator', detail: EVIDENCE };
    expect(answer.history.slice(-2)).toMatchObject([{ status: 'manual_review' }, operator]);
    expect(answer.attempts).toMatchObject([{ number: 1, outcome: 'in_doubt' }]);
    await expect(detailOf(worker.app, payer.organizationId, answer.id)).resolves.toEqual(answer);
    await expect(moneyOf(bulkId)).resolves.toEqual(PAID);
    await expect(settlementsOf(bulkId)).resolves.toBe(1);
    await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([{ attention: null }]);
    await expect(
      database.query(`SELECT job FROM outbox WHERE dedupe_key = $1`, [`complete:${bulkId}`]),
    ).resolves.toEqual([{ job: 'complete-bulk-request' }]);
    await completeAll(worker.app);
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'completed', counts: { settled: 1 } });
  });

  it('as failed releases its money', async () => {
    const bulkId = await reviewed('failed');
    const answer = await resolve(bulkId, 'failed');
    const failure = { code: 'resolved_by_operator', detail: EVIDENCE };
    expect(answer).toMatchObject({ status: 'failed', failure, settled_at: null });
    expect(answer.history.at(-1)).toMatchObject({ source: 'operator', status: 'failed', ...failure });
    await expect(moneyOf(bulkId)).resolves.toEqual(FREE);
    await expect(settlementsOf(bulkId)).resolves.toBe(0);
    await completeAll(worker.app);
    await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'failed', failedMinor: 100n });
  });

  it.each<[Outcome, object[]]>([
    ['failed', [{ job: 'stop-bulk-request' }]],
    ['settled', []],
  ])('as %s is for the failure policy of the bulk what any other such end is', async (outcome, jobs) => {
    const bulkId = await reviewed(outcome, { on_failure: 'stop' });
    await resolve(bulkId, outcome);
    await expect(database.query(`SELECT job FROM outbox WHERE dedupe_key = $1`, [`stop:${bulkId}`])).resolves.toEqual(
      jobs,
    );
  });

  it('keeps the evidence in NFC, and measures it so', async () => {
    const bulkId = await reviewed('failed');
    // In NFC this one letter is two: it is excluded from composition.
    await expect(verdictOf(resolve(bulkId, 'failed', '\u0958'.repeat(128)))).resolves.toBe('invalid_request');
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ manual_review: 1 });
    const { failure } = await resolve(bulkId, 'failed', `Rele\u0301ve ${'x'.repeat(248)}`);
    expect(failure?.detail).toBe(`Rel\u00e9ve ${'x'.repeat(248)}`);
  });

  describe('is refused', () => {
    it('of every other state, which it names', async () => {
      const words = ['Salary', 'sandbox:reject:AC04', 'sandbox:timeout', 'sandbox:accept', 'sandbox:retry:1', 'Bonus'];
      const bulkId = await payer.submit(6, (line) => words[line] ?? '');
      const { organizationId } = payer;
      await cancelTransfer(worker.app, { organizationId, transferId: await lineOf(worker.app, bulkId, 5) });
      await executeDue(worker.app);
      const before = [await transfersOf(worker.app, bulkId), await moneyOf(bulkId)];
      const verdicts: string[] = [];
      for (const { id: transferId } of await transfersOf(worker.app, bulkId)) {
        const command = { organizationId, transferId, outcome: 'settled' as const, evidence: EVIDENCE };
        verdicts.push(await verdictOf(resolveTransfer(worker.app, command)));
      }
      const states = ['settled', 'failed', 'in_doubt', 'submitted', 'pending', 'cancelled'];
      expect(verdicts).toEqual(states.map((state) => `invalid_state ${state}`));
      expect([await transfersOf(worker.app, bulkId), await moneyOf(bulkId)]).toEqual(before);
    });

    it('to another organization, as if it did not exist', async () => {
      const bulkId = await reviewed('failed');
      const { id: organizationId } = await createOrganization(worker.app);
      const transferId = await lineOf(worker.app, bulkId);
      const command = { organizationId, transferId, outcome: 'failed' as const, evidence: EVIDENCE };
      await expect(verdictOf(resolveTransfer(worker.app, command))).resolves.toBe('not_found');
      await expect(attempt(bulkId, 'failed')).resolves.toBe('ok');
    });

    it('while somebody has its chunk', async () => {
      const bulkId = await reviewed('failed');
      const chunkOf = `id = (SELECT chunk_id FROM transfers WHERE bulk_id = $1)`;
      await database.execute(`UPDATE chunks SET status = 'leased' WHERE ${chunkOf}`, [bulkId]);
      await expect(attempt(bulkId, 'failed')).resolves.toBe('in_flight');
      await database.execute(`UPDATE chunks SET status = 'closed' WHERE ${chunkOf}`, [bulkId]);
      await expect(attempt(bulkId, 'failed')).resolves.toBe('ok');
    });

    it('as settled when our own books were to pay it: they know that they did not', async () => {
      const iban = germanIban(4711);
      const { id } = await createAccount(worker.app, { organizationId: payer.organizationId, iban });
      const line = { amount: '1.00', counterparty_name: 'Own account', counterparty_iban: iban };
      const bulkId = await payer.submit(0, undefined, { credit_transfers: [line] });
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([{ rail: 'book' }]);
      await bringToReview(worker.app, bulkId);
      await expect(attempt(bulkId, 'settled')).resolves.toBe('not_executed');
      await expect(attempt(bulkId, 'failed')).resolves.toBe('ok');
      await expect(moneyOf(bulkId)).resolves.toEqual(FREE);
      await expect(database.query(`SELECT posted_minor AS posted FROM accounts WHERE id = $1`, [id])).resolves.toEqual([
        { posted: 0n },
      ]);
    });
  });

  it('answers a key again, for the same words only', async () => {
    const bulkId = await reviewed('settled');
    const key = { idempotencyKey: 'resolve-1' };
    const first = await resolve(bulkId, 'settled', EVIDENCE, key);
    await expect(resolve(bulkId, 'settled', EVIDENCE, key)).resolves.toEqual(first);
    await expect(verdictOf(resolve(bulkId, 'failed', EVIDENCE, key))).resolves.toBe('idempotency_key_reused');
    await expect(settlementsOf(bulkId)).resolves.toBe(1);
  });

  describe('in a race', () => {
    it('with other operators, happens once', async () => {
      const bulkId = await reviewed('settled');
      contradicted.push(bulkId); // whoever says `failed` may be first
      const outcomes: Outcome[] = ['settled', 'failed', 'settled', 'failed', 'settled', 'failed'];
      const verdicts = await Promise.all(outcomes.map((outcome) => attempt(bulkId, outcome)));
      const won = outcomes.filter((_, index) => verdicts[index] === 'ok');
      expect(won).toHaveLength(1);
      expect(verdicts.filter((verdict) => verdict !== 'ok')).toEqual(Array(5).fill(`invalid_state ${won[0]}`));
      await expect(moneyOf(bulkId)).resolves.toEqual(won[0] === 'settled' ? PAID : FREE);
      await expect(settlementsOf(bulkId)).resolves.toBe(won[0] === 'settled' ? 1 : 0);
    });

    it.each<[Outcome, string]>([
      ['settled', 'redundant'],
      ['failed', 'contradiction'],
    ])('with a callback that comes too late, is won (as %s, the callback is %s)', async (outcome, said) => {
      const bulkId = await reviewed('settled');
      contradicted.push(bulkId);
      await say(bulkId, 'settled');
      let applying: Promise<void> | undefined;
      await resolve(bulkId, outcome, EVIDENCE, {
        meanwhile: async () => {
          applying = apply();
          await untilSomebodyWaits(worker.app);
        },
      });
      await applying;
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ [outcome]: 1 });
      await expect(saidOf(bulkId)).resolves.toEqual([said]);
      await expect(moneyOf(bulkId)).resolves.toEqual(outcome === 'settled' ? PAID : FREE);
    });

    it.each<Outcome>(['settled', 'failed'])('with a callback that is just booked, is lost (as %s)', async (outcome) => {
      const bulkId = await reviewed('settled');
      await say(bulkId, 'settled');
      const recorder = worker.app.get(RecordMoves, { strict: false });
      const record = recorder.record.bind(recorder);
      let resolving: Promise<string> | undefined;
      jest.spyOn(recorder, 'record').mockImplementationOnce(async (...input) => {
        const recorded = await record(...input);
        resolving = attempt(bulkId, outcome);
        await untilSomebodyWaits(worker.app);
        return recorded;
      });
      await apply();
      await expect(resolving).resolves.toBe('invalid_state settled');
      await expect(moneyOf(bulkId)).resolves.toEqual(PAID);
      await expect(settlementsOf(bulkId)).resolves.toBe(1);
    });

    it('with callbacks, ends each transfer once', async () => {
      const bulkIds: string[] = [];
      for (let round = 0; round < 10; round++) bulkIds.push(await reviewed('settled'));
      for (const bulkId of bulkIds) await say(bulkId, 'settled');
      const [verdicts] = await Promise.all([
        Promise.all(bulkIds.map((bulkId) => attempt(bulkId, 'settled'))),
        apply(),
        apply(),
      ]);
      expect(verdicts.filter((verdict) => verdict !== 'ok' && verdict !== 'invalid_state settled')).toEqual([]);
      await apply();
      for (const [index, bulkId] of bulkIds.entries()) {
        await expect(settlementsOf(bulkId)).resolves.toBe(1);
        await expect(saidOf(bulkId)).resolves.toEqual([verdicts[index] === 'ok' ? 'redundant' : 'applied']);
      }
    });
  });

  it.each<[Outcome, EvidenceStatus]>([
    ['settled', 'rejected'],
    ['failed', 'settled'],
    ['failed', 'returned'],
  ])('as %s is final: a rail that says %s later contradicts it', async (outcome, status) => {
    const bulkId = await reviewed(outcome);
    contradicted.push(bulkId);
    await resolve(bulkId, outcome);
    await completeAll(worker.app);
    const before = [await transfersOf(worker.app, bulkId), await moneyOf(bulkId), await bulkOf(bulkId)];
    await say(bulkId, status);
    await apply();
    await expect(saidOf(bulkId)).resolves.toEqual(['contradiction']);
    expect([await transfersOf(worker.app, bulkId), await moneyOf(bulkId), await bulkOf(bulkId)]).toEqual(before);
  });

  it('as settled can still be followed by the money coming back', async () => {
    const bulkId = await reviewed('settled');
    await say(bulkId, 'returned');
    await apply();
    await resolve(bulkId, 'settled');
    await database.execute(`UPDATE rail_evidence SET retry_at = now() WHERE applied_at IS NULL`);
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ returned: 1 });
    await expect(moneyOf(bulkId)).resolves.toMatchObject({ available: 10_000n, captured: 100n });
  });
});
