import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { type Rail, RailsService } from '../../src/modules/rails/index.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { Wake } from '../../src/platform/queue/index.js';
import { type BulkControl, controlOf } from '../factories/bulk-control.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  completeAll,
  executeChunk,
  executeDue,
  finish,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  submissionsOf,
  transfersOf,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('a paused bulk request', () => {
  let worker: TestWorker;
  let database: Queryable;
  let rail: Rail;
  let payer: Payer;
  let control: BulkControl;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '10' }, { working: false });
    database = ownerOf(worker.app);
    rail = worker.app.get(RailsService, { strict: false }).get('sandbox');
    payer = await createPayer(worker.app);
    control = controlOf(worker.app, payer.organizationId);
  });
  afterEach(() => jest.restoreAllMocks());
  afterAll(() => finish(worker));

  const viewOf = (bulkId: string) =>
    worker.app.get(BulkRequestsQueries, { strict: false }).get(payer.organizationId, bulkId);

  it('sends nothing: its chunks are neither handed out nor taken', async () => {
    const bulkId = await payer.submit(20);
    const [first] = await openChunksOf(worker.app, bulkId);
    await expect(control.pause(bulkId)).resolves.toBe('paused');
    await runLoop(worker.app, 'dispatch-sandbox');
    expect((await openChunksOf(worker.app, bulkId)).map(({ status }) => status)).toEqual(['open', 'open']);
    await expect(executeDue(worker.app)).resolves.toEqual([]);
    await expect(executeChunk(worker.app, first?.id ?? '')).resolves.toMatchObject({ ended: 'not_allowed' });
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ pending: 20 });
    expect(Math.max(...(await submissionsOf(worker.app, bulkId)))).toBe(0);
    await control.resume(bulkId);
  });

  it('goes on where it was once it is resumed, and whoever waits for work is told', async () => {
    const bulkId = await payer.submit(20);
    await control.pause(bulkId);
    const notify = jest.spyOn(worker.app.get(Wake), 'notify');
    await expect(control.resume(bulkId)).resolves.toBe('processing');
    expect(notify.mock.calls).toEqual(expect.arrayContaining([['chunks'], ['events']]));
    await workOff(worker.app);
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'completed', counts: { settled: 20 } });
  });

  it('lets a worker send the window it has, and grants it no other', async () => {
    jest.spyOn(rail, 'windowLines').mockReturnValue(4);
    const bulkId = await payer.submit(10);
    const submit = rail.submit.bind(rail);
    jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
      await control.pause(bulkId);
      return submit(...sent);
    });
    await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 4, pending: 6 });
    await expect(executeDue(worker.app)).resolves.toEqual([]);
    await control.resume(bulkId);
    await workOff(worker.app);
    expect(await submissionsOf(worker.app, bulkId)).toEqual(Array<number>(10).fill(1));
    // What was not sent was not tried.
    expect((await transfersOf(worker.app, bulkId)).map(({ attempts }) => attempts)).toEqual(Array<number>(10).fill(1));
  });

  it('is still asked about where it is in doubt, and sends no line again', async () => {
    const bulkId = await payer.submit(2, (line) => ['sandbox:timeout', 'sandbox:lost'][line] ?? '');
    await executeDue(worker.app);
    await control.pause(bulkId);
    for (let asked = 0; asked < 2; asked++) {
      await skipTime(worker.app);
      await executeDue(worker.app);
    }
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1, pending: 1 });
    await skipTime(worker.app);
    await expect(executeDue(worker.app)).resolves.toEqual([]);
    await expect(submissionsOf(worker.app, bulkId)).resolves.toEqual([1, 0]);
    await control.resume(bulkId);
  });

  it('ends from there when everything that was under way has ended', async () => {
    const bulkId = await payer.submit(10, (line) => (line === 0 ? 'sandbox:timeout' : 'Salary'));
    await executeDue(worker.app);
    await control.pause(bulkId);
    await workOff(worker.app);
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'completed', counts: { settled: 10 } });
  });

  it('can be paused and resumed twice: the second time changes nothing', async () => {
    const bulkId = await payer.submit(1);
    await expect(control.resume(bulkId)).resolves.toBe('processing');
    for (let again = 0; again < 2; again++) await expect(control.pause(bulkId)).resolves.toBe('paused');
    const notify = jest.spyOn(worker.app.get(Wake), 'notify');
    for (let again = 0; again < 2; again++) await expect(control.resume(bulkId)).resolves.toBe('processing');
    expect(notify.mock.calls.filter(([topic]) => topic === 'chunks')).toHaveLength(1);
  });

  it('answers a repeated key as it was then, and changes nothing', async () => {
    const bulkId = await payer.submit(1);
    await control.pause(bulkId, 'pause-1');
    await control.resume(bulkId, 'resume-1');
    await expect(control.pause(bulkId, 'pause-1')).resolves.toBe('paused');
    await expect(viewOf(bulkId)).resolves.toMatchObject({ status: 'processing' });
  });

  it('shows how many lines it holds back, and how many are with the rail', async () => {
    jest.spyOn(rail, 'windowLines').mockReturnValue(4);
    const bulkId = await payer.submit(10);
    const submit = rail.submit.bind(rail);
    const seen: unknown[] = [];
    jest.spyOn(rail, 'submit').mockImplementationOnce(async (...sent) => {
      await control.pause(bulkId);
      seen.push((await viewOf(bulkId)).counts);
      return submit(...sent);
    });
    await executeChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
    expect(seen).toMatchObject([{ pending: 6, submitting: 4 }]);
    await control.resume(bulkId);
  });

  it('cannot be paused or resumed while it is cancelled, nor once it has ended', async () => {
    const ended = await payer.submit(1);
    await workOff(worker.app);
    const cancelling = await payer.submit(1);
    await control.cancel(cancelling);
    for (const [bulkId, status] of [
      [ended, 'completed'],
      [cancelling, 'cancelling'],
    ] as const) {
      for (const attempt of [control.pause(bulkId), control.resume(bulkId)]) {
        expect(await refusalOf(attempt)).toMatchObject({
          kind: 'conflict',
          code: 'invalid_state',
          details: { members: { current_status: status } },
        });
      }
    }
    await completeAll(worker.app);
    await expect(refusalOf(control.resume(cancelling))).resolves.toMatchObject({
      details: { members: { current_status: 'cancelled' } },
    });
    await expect(database.query(`SELECT 1 FROM bulk_requests WHERE status = 'paused'`)).resolves.toEqual([]);
  });
});
