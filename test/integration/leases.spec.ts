import { type Rail, RailsService } from '../../src/modules/rails/index.js';
import { RecordMoves } from '../../src/modules/transfers/application/record-moves.js';
import { railReference } from '../../src/domain/ids.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  executeChunk,
  executeDue,
  expireLease,
  finish,
  loseChunk,
  onlyChunkOf,
  openChunksOf,
  skipTime,
  statusesOf,
  submissionsOf,
  sweep,
  takeChunk,
  transfersOf,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('the lease of a chunk', () => {
  let worker: TestWorker;
  let database: Queryable;
  let rail: Rail;
  let payer: Payer;
  const open: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
    rail = worker.app.get(RailsService, { strict: false }).get('sandbox');
    payer = await createPayer(worker.app);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker, { open }));

  describe('is held by one worker at a time', () => {
    it('so a job that is there twice changes nothing', async () => {
      const bulkId = await payer.submit(10);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const reports = await Promise.all(Array.from({ length: 5 }, () => executeChunk(worker.app, id)));
      expect(reports.map(({ ended }) => ended).sort()).toEqual([...Array<string>(4).fill('nothing_to_do'), 'recorded']);
      await expect(executeChunk(worker.app, id)).resolves.toMatchObject({ ended: 'nothing_to_do' });
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 10 });
      expect(new Set(await submissionsOf(worker.app, bulkId))).toEqual(new Set([1]));
    });

    it('so a job for a chunk that does not exist does nothing', async () => {
      await expect(executeChunk(worker.app, '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e')).resolves.toMatchObject({
        ended: 'nothing_to_do',
        bulkId: null,
      });
    });

    it('and cannot be had before the chunk is due', async () => {
      const bulkId = await payer.submit(1, () => 'sandbox:retry:1');
      await executeDue(worker.app);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      await database.execute(`UPDATE chunks SET due_at = now() + interval '1 hour' WHERE id = $1`, [id]);
      await expect(executeChunk(worker.app, id)).resolves.toMatchObject({ ended: 'nothing_to_do' });
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([{ status: 'pending', attempts: 1 }]);
    });

    it('and is left alone by the sweep while it lasts', async () => {
      const bulkId = await payer.submit(3);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      await takeChunk(worker.app, id);
      await sweep(worker.app);
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ id, status: 'leased' });
      await expireLease(worker.app, id);
      await sweep(worker.app);
    });
  });

  describe('when it is lost', () => {
    it('what may have gone out is in doubt: asked for, not found twice, and only then sent again', async () => {
      const bulkId = await payer.submit(10);
      await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      const [line] = await transfersOf(worker.app, bulkId);
      expect(line).toMatchObject({ status: 'in_doubt', attempts: 1, possiblySent: true, attention: 'in_doubt' });
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ purpose: 'inquire', deaths: 1 });
      await skipTime(worker.app);
      await executeDue(worker.app);
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ purpose: 'confirm', lineCount: 10 });
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 10 });
      expect(new Set(await submissionsOf(worker.app, bulkId))).toEqual(new Set([0]));
      await skipTime(worker.app);
      await workOff(worker.app);
      expect(new Set(await submissionsOf(worker.app, bulkId))).toEqual(new Set([1]));
      await expect(transfersOf(worker.app, bulkId)).resolves.toContainEqual(
        expect.objectContaining({ status: 'settled', attempts: 2, possiblySent: true, attention: null }),
      );
    });

    it('what was executed is adopted and not sent again', async () => {
      const bulkId = await payer.submit(10, (line) => (line === 4 ? 'sandbox:reject:AC04' : 'Salary'));
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const lease = await takeChunk(worker.app, id);
      if ('ended' in lease) throw new Error('It was not leased.');
      const payments = (await transfersOf(worker.app, bulkId)).map((line) => ({
        reference: railReference(line.id),
        amountMinor: 100n,
        currency: 'EUR',
        attempt: 1,
        debtor: { iban: null, bic: null },
        creditor: { name: 'X', iban: 'X', bic: null },
        remittance: line.line === 4 ? 'sandbox:reject:AC04' : null,
        reverses: null,
      }));
      await rail.submit(payments, new AbortController().signal); // and dies before it records anything
      await expireLease(worker.app, id);
      await sweep(worker.app);
      await workOff(worker.app);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 9, failed: 1 });
      expect(new Set(await submissionsOf(worker.app, bulkId))).toEqual(new Set([1]));
      expect(new Set((await transfersOf(worker.app, bulkId)).map((line) => line.attempts))).toEqual(new Set([1]));
    });

    it('an inquiry is asked again and no line changes its state', async () => {
      const bulkId = await payer.submit(2, (line) => (line === 0 ? 'sandbox:accept' : 'sandbox:lost'));
      await executeDue(worker.app);
      await skipTime(worker.app);
      await database.execute(
        `UPDATE sandbox_journal SET settles_at = now() + interval '1 h' WHERE status = 'accepted'`,
      );
      await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ submitted: 1, in_doubt: 1 });
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ purpose: 'inquire', deaths: 1 });
    });

    it('again and again on one line, that line goes to a person and is never sent again', async () => {
      const bulkId = await payer.submit(1);
      for (let death = 1; death <= 3; death++) {
        await skipTime(worker.app);
        await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      }
      await expect(openChunksOf(worker.app, bulkId)).resolves.toEqual([]);
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'manual_review', possiblySent: true, attention: 'manual_review', failureCode: 'lost_lease' },
      ]);
      await workOff(worker.app);
      open.push(bulkId);
    });

    it('for the second time, the chunk is split to corner what kills its workers', async () => {
      const bulkId = await payer.submit(10);
      await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      await skipTime(worker.app);
      await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      const chunks = await openChunksOf(worker.app, bulkId);
      expect(chunks.map(({ lineFrom, lineCount, deaths }) => [lineFrom, lineCount, deaths])).toEqual(
        Array.from({ length: 10 }, (_, line) => [line, 1, 0]),
      );
    });
  });

  it('that cannot be ended for one chunk is ended for the others', async () => {
    const bulkId = await payer.submit(20);
    const [first, second] = await openChunksOf(worker.app, bulkId);
    for (const chunk of [first, second]) {
      await takeChunk(worker.app, chunk?.id ?? '');
      await expireLease(worker.app, chunk?.id ?? '');
    }
    jest.spyOn(worker.app.get(RecordMoves, { strict: false }), 'record').mockRejectedValueOnce(new Error('no'));
    await sweep(worker.app);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 10, in_doubt: 10 });
    await sweep(worker.app);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ in_doubt: 20 });
  });
});
