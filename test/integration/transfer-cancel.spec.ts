import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { type Rail, RailsService } from '../../src/modules/rails/index.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createOrganization } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  completeAll,
  executeChunk,
  executeDue,
  executeNext,
  expireLease,
  finish,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  submissionsOf,
  sweep,
  takeChunk,
  transfersOf,
  UNHURRIED,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import {
  bringToReview,
  cancelLine,
  cancelTransfer,
  type ControlOptions,
  detailOf,
  heldMoneyOf,
  lineOf,
  resolveTransfer,
  verdictOf,
} from '../support/transfer-steps.js';
import { ownerOf } from '../support/owner.js';

describe('cancelling one transfer', () => {
  let worker: TestWorker;
  let database: Queryable;
  let rail: Rail;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
    rail = worker.app.get(RailsService, { strict: false }).get('sandbox');
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app, '100.00');
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker));

  const cancel = (bulkId: string, line = 0, options: ControlOptions = {}) =>
    cancelLine(worker.app, payer.organizationId, { bulkId, line }, options);
  const attempt = (bulkId: string, line = 0) => verdictOf(cancel(bulkId, line));
  const bulkOf = (bulkId: string) =>
    worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);
  const moneyOf = (bulkId: string) => heldMoneyOf(worker.app, bulkId);

  describe('that was not sent', () => {
    it('ends it, releases its money and no other, and the rest of the bulk goes on', async () => {
      const bulkId = await payer.submit(3);
      const answer = await cancel(bulkId, 1);
      expect(answer).toMatchObject({ line: 1, status: 'cancelled', failure: null, attempts: [], attempts_made: 0 });
      expect(answer.next_attempt_at).toBeNull();
      expect(answer.history.map(({ at, ...item }) => [typeof at, item])).toEqual([
        ['string', { status: 'pending', source: 'acceptance', code: null, detail: null }],
        [
          'string',
          {
            status: 'cancelled',
            source: 'stop',
            code: 'cancelled',
            detail: 'Its cancellation was requested before it was sent',
          },
        ],
      ]);
      await expect(detailOf(worker.app, payer.organizationId, answer.id)).resolves.toEqual(answer);
      await expect(moneyOf(bulkId)).resolves.toEqual({
        available: 9_800n,
        reserved: 200n,
        captured: 0n,
        released: 100n,
      });
      await expect(bulkOf(bulkId)).resolves.toMatchObject({
        status: 'processing',
        counts: { pending: 2, cancelled: 1 },
      });
      await executeDue(worker.app);
      await completeAll(worker.app);
      await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual([1, 0, 1]);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'partially_completed', cancelledMinor: 100n });
      await expect(moneyOf(bulkId)).resolves.toMatchObject({ reserved: 0n, captured: 200n, released: 100n });
    });

    it('as the last one of its chunk, leaves no chunk behind and asks for the completion of the bulk', async () => {
      const bulkId = await payer.submit(11);
      await executeNext(worker.app);
      await cancel(bulkId, 10);
      await expect(openChunksOf(worker.app, bulkId)).resolves.toEqual([]);
      await expect(
        database.query(`SELECT job FROM outbox WHERE dedupe_key = $1`, [`complete:${bulkId}`]),
      ).resolves.toEqual([{ job: 'complete-bulk-request' }]);
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'partially_completed', counts: { settled: 10 } });
    });

    it('yet, because the rail did not take it, ends it as well', async () => {
      const bulkId = await payer.submit(1, () => 'sandbox:retry:1');
      await executeDue(worker.app);
      await expect(cancel(bulkId)).resolves.toMatchObject({ status: 'cancelled', attempts_made: 1 });
      await skipTime(worker.app);
      await executeDue(worker.app);
      await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual([0]);
    });

    it.each(['paused', 'cancelling'])('ends it in a bulk that is %s', async (status) => {
      const bulkId = await payer.submit(2);
      await database.execute(`UPDATE bulk_requests SET status = $2 WHERE id = $1`, [bulkId, status]);
      await expect(attempt(bulkId, 0)).resolves.toBe('ok');
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ cancelled: 1, pending: 1 });
      await expect(attempt(bulkId, 1)).resolves.toBe('ok');
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'failed', counts: { cancelled: 2 } });
    });
  });

  describe('is refused', () => {
    it('while a worker has its chunk, whichever window it is in; what no window reached can be cancelled later', async () => {
      jest.spyOn(rail, 'windowLines').mockReturnValue(2);
      const bulkId = await payer.submit(3);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      await takeChunk(worker.app, id);
      for (const line of [0, 2]) await expect(attempt(bulkId, line)).resolves.toBe('in_flight');
      await expect(moneyOf(bulkId)).resolves.toMatchObject({ reserved: 300n, released: 0n });
      await expireLease(worker.app, id);
      await expect(attempt(bulkId, 2)).resolves.toBe('in_flight');
      await sweep(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 2, pending: 1 });
      expect([await attempt(bulkId, 0), await attempt(bulkId, 2)]).toEqual(['in_flight', 'ok']);
    });

    it('once it may have been paid, also when it waits to be sent again', async () => {
      const bulkId = await payer.submit(2, (line) => (line === 0 ? 'sandbox:lost' : 'sandbox:accept'));
      await executeDue(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 1, submitted: 1 });
      expect([await attempt(bulkId, 0), await attempt(bulkId, 1)]).toEqual(['in_flight', 'in_flight']);
      for (let question = 0; question < 2; question++) {
        await skipTime(worker.app);
        const due = (await openChunksOf(worker.app, bulkId)).filter(({ purpose }) => purpose !== 'submit');
        for (const { id } of due) await executeChunk(worker.app, id);
      }
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'pending', possiblySent: true, attempts: 1 },
        { status: 'settled' },
      ]);
      await expect(attempt(bulkId, 0)).resolves.toBe('in_flight');
      await expect(moneyOf(bulkId)).resolves.toMatchObject({ reserved: 100n, released: 0n });
    });

    it('when a person is to decide about it: only that person, or the rail, ends it', async () => {
      const bulkId = await payer.submit(1);
      await bringToReview(worker.app, bulkId);
      await expect(attempt(bulkId)).resolves.toBe('in_flight');
      await expect(moneyOf(bulkId)).resolves.toMatchObject({ reserved: 100n });
      const transferId = await lineOf(worker.app, bulkId);
      const { organizationId } = payer;
      await resolveTransfer(worker.app, { organizationId, transferId, outcome: 'failed', evidence: 'Never arrived' });
    });

    it('when it has ended, saying how', async () => {
      const words = ['Salary', 'sandbox:reject:AC04', 'sandbox:return'];
      const bulkId = await payer.submit(12, (line) => words[line] ?? 'Salary');
      await cancel(bulkId, 11);
      await executeDue(worker.app);
      await skipTime(worker.app);
      await runLoop(worker.app, 'rail-notices');
      await runLoop(worker.app, 'rail-evidence');
      const before = await transfersOf(worker.app, bulkId);
      const verdicts: string[] = [];
      for (const line of [0, 1, 2, 11]) verdicts.push(await attempt(bulkId, line));
      expect(verdicts).toEqual([
        'invalid_state settled',
        'invalid_state failed',
        'invalid_state returned',
        'invalid_state cancelled',
      ]);
      await expect(transfersOf(worker.app, bulkId)).resolves.toEqual(before);
    });

    it('to another organization, as if it did not exist', async () => {
      const bulkId = await payer.submit(1);
      const transferId = await lineOf(worker.app, bulkId);
      const { id: organizationId } = await createOrganization(worker.app);
      await expect(verdictOf(cancelTransfer(worker.app, { organizationId, transferId }))).resolves.toBe('not_found');
      const unknown = { organizationId: payer.organizationId, transferId: payer.organizationId };
      await expect(verdictOf(cancelTransfer(worker.app, unknown))).resolves.toBe('not_found');
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 1 });
    });
  });

  it('answers a key again, for this transfer only, and keeps no refusal', async () => {
    const bulkId = await payer.submit(2);
    const { id } = await onlyChunkOf(worker.app, bulkId);
    await database.execute(`UPDATE chunks SET status = 'leased', lease_expires_at = now() WHERE id = $1`, [id]);
    const key = { idempotencyKey: 'cancel-1' };
    await expect(verdictOf(cancel(bulkId, 0, key))).resolves.toBe('in_flight');
    await database.execute(`UPDATE chunks SET status = 'open' WHERE id = $1`, [id]);
    const first = await cancel(bulkId, 0, key);
    await expect(cancel(bulkId, 0, key)).resolves.toEqual(first);
    await expect(verdictOf(cancel(bulkId, 1, key))).resolves.toBe('idempotency_key_reused');
    await expect(moneyOf(bulkId)).resolves.toMatchObject({ released: 100n });
  });
});
