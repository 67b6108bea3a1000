import { ChunkRepository } from '../../src/modules/transfers/persistence/chunk.repository.js';
import { RecordMoves } from '../../src/modules/transfers/application/record-moves.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  executeChunk,
  expireLease,
  finish,
  onlyChunkOf,
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
  cancelLine,
  type ControlOptions,
  heldMoneyOf,
  untilSomebodyWaits,
  verdictOf,
} from '../support/transfer-steps.js';

const REFUSED = ['in_flight', 'invalid_state settled'];

describe('cancelling one transfer in a race', () => {
  let worker: TestWorker;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    payer = await createPayer(worker.app);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker));

  const cancel = (bulkId: string, line = 0, options: ControlOptions = {}) =>
    cancelLine(worker.app, payer.organizationId, { bulkId, line }, options);
  const attempt = (bulkId: string, line = 0) => verdictOf(cancel(bulkId, line));
  const moneyOf = (bulkId: string) => heldMoneyOf(worker.app, bulkId);

  it('with other cancellations of it, happens once', async () => {
    const bulkId = await payer.submit(2);
    const verdicts = await Promise.all(Array.from({ length: 5 }, () => attempt(bulkId)));
    expect(verdicts.sort()).toEqual([...Array<string>(4).fill('invalid_state cancelled'), 'ok']);
    await expect(moneyOf(bulkId)).resolves.toMatchObject({ reserved: 100n, released: 100n });
  });

  it('with a worker that comes too late, is won: the worker waits, and pays the others', async () => {
    const bulkId = await payer.submit(2);
    const { id } = await onlyChunkOf(worker.app, bulkId);
    let executing: Promise<unknown> | undefined;
    await cancel(bulkId, 0, {
      meanwhile: async () => {
        executing = executeChunk(worker.app, id);
        await untilSomebodyWaits(worker.app);
      },
    });
    await expect(executing).resolves.toMatchObject({ ended: 'recorded', lines: 1, movedTo: { settled: 1 } });
    await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual([0, 1]);
  });

  it('with a worker that is just recording it, is lost, and tells what was recorded', async () => {
    const bulkId = await payer.submit(1);
    const recorder = worker.app.get(RecordMoves, { strict: false });
    const record = recorder.record.bind(recorder);
    let cancelling: Promise<string> | undefined;
    jest.spyOn(recorder, 'record').mockImplementationOnce(async (...input) => {
      const recorded = await record(...input);
      cancelling = attempt(bulkId);
      await untilSomebodyWaits(worker.app);
      return recorded;
    });
    await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
    await expect(cancelling).resolves.toBe('invalid_state settled');
  });

  describe('with a record that puts it into another chunk', () => {
    /** The line is in another chunk by the time the lock of the one it was found in is granted. */
    function movedAway(chunkId: string, then: () => Promise<unknown> = async () => undefined): void {
      const chunks = worker.app.get(ChunkRepository, { strict: false });
      const lock = chunks.lockUnleasedByIds.bind(chunks);
      jest.spyOn(chunks, 'lockUnleasedByIds').mockImplementationOnce(async (...input) => {
        await executeChunk(worker.app, chunkId);
        await skipTime(worker.app);
        await then();
        return lock(...input);
      });
    }

    it('finds it there', async () => {
      const bulkId = await payer.submit(2, () => 'sandbox:retry:1');
      movedAway((await onlyChunkOf(worker.app, bulkId)).id);
      await expect(cancel(bulkId)).resolves.toMatchObject({ status: 'cancelled', attempts_made: 1 });
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const report = { ended: 'recorded', lines: 1, movedTo: { settled: 1 } };
      await expect(executeChunk(worker.app, id)).resolves.toMatchObject(report);
    });

    it('leaves it to the worker that has that one already', async () => {
      const bulkId = await payer.submit(1, () => 'sandbox:retry:1');
      const leaseNext = async () => takeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      movedAway((await onlyChunkOf(worker.app, bulkId)).id, leaseNext);
      await expect(attempt(bulkId)).resolves.toBe('in_flight');
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 1 });
      await expireLease(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      await sweep(worker.app);
    });
  });

  it('with a worker, ends in one of two ways and never in both: cancelled and not sent, or sent and not cancelled', async () => {
    for (let round = 0; round < 15; round++) {
      const bulkId = await payer.submit(3);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const [verdict] = await Promise.all([attempt(bulkId, 1), executeChunk(worker.app, id)]);
      const [line] = (await transfersOf(worker.app, bulkId)).filter((one) => one.line === 1);
      const [, submissions] = await submissionsOf(worker.app, bulkId);
      const cancelled = ['ok', 'cancelled', 0];
      const sent = [REFUSED.includes(verdict) ? verdict : 'refused', 'settled', 1];
      expect([cancelled, sent]).toContainEqual([verdict, line?.status, submissions]);
    }
  });
});
