import { transferIdOf } from '../../src/domain/ids.js';
import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { RecordMoves } from '../../src/modules/transfers/application/record-moves.js';
import type { NewEvidence } from '../../src/modules/transfers/index.js';
import { EvidenceRepository } from '../../src/modules/transfers/persistence/evidence.repository.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createOrganization } from '../factories/organizations.js';
import { balanceOf, entriesOf } from '../support/balances.js';
import {
  completeAll,
  executeDue,
  expireLease,
  finish,
  loseChunk,
  onlyChunkOf,
  openChunksOf,
  runLoop,
  skipTime,
  statusesOf,
  submitExactly,
  takeChunk,
  transfersOf,
  UNHURRIED,
} from '../support/engine-steps.js';
import { outcomesOf, sayOfLine } from '../support/evidence-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('evidence', () => {
  let worker: TestWorker;
  let database: Queryable;
  let organizationId: string;
  const contradicted: string[] = [];
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
    database = ownerOf(worker.app);
    organizationId = (await createOrganization(worker.app)).id;
  });
  afterAll(() => finish(worker, { contradicted }));

  const submitted = (words: string[], values: Partial<Submission> = {}) =>
    submitExactly(worker.app, organizationId, words, values);
  const say = (bulkId: string, line: number, status: NewEvidence['status'], values: Partial<NewEvidence> = {}) =>
    sayOfLine(worker.app, bulkId, line, status, values);
  const apply = () => runLoop(worker.app, 'rail-evidence');
  const outcomes = (bulkId: string) => outcomesOf(worker.app, bulkId);
  const bulkOf = (bulkId: string) => worker.app.get(BulkRequestsQueries, { strict: false }).get(organizationId, bulkId);

  describe('ends what is open', () => {
    it('and with the last line the bulk, without waiting for the next time the rail would be asked', async () => {
      const { bulkId, accountId } = await submitted(['sandbox:accept', 'sandbox:accept']);
      await say(bulkId, 0, 'settled');
      await apply();
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1, submitted: 1 });
      await expect(openChunksOf(worker.app, bulkId)).resolves.toHaveLength(1);
      await say(bulkId, 1, 'settled');
      await apply();
      await expect(openChunksOf(worker.app, bulkId)).resolves.toEqual([]);
      await expect(
        database.query(`SELECT job FROM outbox WHERE dedupe_key = $1`, [`complete:${bulkId}`]),
      ).resolves.toEqual([{ job: 'complete-bulk-request' }]);
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({
        status: 'completed',
        counts: { settled: 2, submitted: 0 },
      });
      await expect(balanceOf(worker.app, accountId)).resolves.toEqual({ posted: 0n, reserved: 0n });
    });

    it('as not paid, too: the money is free again', async () => {
      const { bulkId, accountId } = await submitted(['sandbox:accept', 'Salary']);
      contradicted.push(bulkId); // the sandbox itself would have settled it
      await say(bulkId, 0, 'rejected');
      await apply();
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'failed', failureCode: 'AC04', attention: 'failed' },
        { status: 'settled' },
      ]);
      await expect(balanceOf(worker.app, accountId)).resolves.toEqual({ posted: 100n, reserved: 0n });
    });

    it('and stops a bulk whose policy says so', async () => {
      const { bulkId } = await submitted(['sandbox:accept'], { on_failure: 'stop' });
      contradicted.push(bulkId);
      await say(bulkId, 0, 'rejected');
      await apply();
      await expect(database.query(`SELECT job FROM outbox WHERE dedupe_key = $1`, [`stop:${bulkId}`])).resolves.toEqual(
        [{ job: 'stop-bulk-request' }],
      );
    });

    it('also when a person was already to look at it', async () => {
      const { bulkId } = await submitted(['sandbox:timeout']);
      for (let death = 0; death < 3; death++) {
        await skipTime(worker.app);
        await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      }
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ manual_review: 1 });
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'processing', counts: { manualReview: 1 } });
      await say(bulkId, 0, 'settled');
      await apply();
      await completeAll(worker.app);
      await expect(bulkOf(bulkId)).resolves.toMatchObject({ status: 'completed' });
    });
  });

  describe('changes nothing twice', () => {
    it('when the same word comes again, or from somebody else', async () => {
      const { bulkId } = await submitted(['sandbox:accept']);
      await say(bulkId, 0, 'settled');
      await say(bulkId, 0, 'settled');
      await apply();
      await say(bulkId, 0, 'settled');
      await say(bulkId, 0, 'settled', { source: 'statement' });
      await apply();
      await expect(outcomes(bulkId)).resolves.toEqual(['applied', 'redundant']);
      await expect(entriesOf(worker.app, bulkId)).resolves.toHaveLength(1);
    });

    it('when several processes apply it at once', async () => {
      const { bulkId } = await submitted(Array<string>(20).fill('sandbox:accept'));
      for (let line = 0; line < 20; line++) await say(bulkId, line, 'settled');
      await Promise.all([apply(), apply(), apply(), apply()]);
      await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 20 });
      await expect(entriesOf(worker.app, bulkId)).resolves.toHaveLength(20);
    });
  });

  it('takes one word at a time about a line', async () => {
    const { bulkId } = await submitted(['sandbox:timeout']);
    await say(bulkId, 0, 'accepted');
    await say(bulkId, 0, 'settled');
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ submitted: 1 });
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1 });
    await expect(outcomes(bulkId)).resolves.toEqual(['applied', 'applied']);
  });

  it('waits while a worker has the line', async () => {
    const { bulkId } = await submitted(['sandbox:accept']);
    await skipTime(worker.app);
    const { id } = await onlyChunkOf(worker.app, bulkId);
    await takeChunk(worker.app, id);
    await say(bulkId, 0, 'settled');
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ submitted: 1 });
    await expireLease(worker.app, id);
    await runLoop(worker.app, 'sweep-chunks');
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1 });
  });

  it('waits, too, when a worker takes the line in the moment it is applied', async () => {
    const { bulkId } = await submitted(['sandbox:accept']);
    await skipTime(worker.app);
    const { id } = await onlyChunkOf(worker.app, bulkId);
    await say(bulkId, 0, 'settled');
    const evidence = worker.app.get(EvidenceRepository, { strict: false });
    const findOpen = evidence.findOpen.bind(evidence);
    jest.spyOn(evidence, 'findOpen').mockImplementationOnce(async (limit) => {
      const found = await findOpen(limit);
      await takeChunk(worker.app, id);
      return found;
    });
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ submitted: 1 });
    await expect(outcomes(bulkId)).resolves.toEqual([null]);
    await expireLease(worker.app, id);
    await runLoop(worker.app, 'sweep-chunks');
    await apply(); // it is in another chunk now
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1 });
  });

  it('about a reference that is not ours is put aside, and blocks nothing', async () => {
    const { bulkId } = await submitted(['sandbox:accept']);
    await say(bulkId, 0, 'settled', { reference: 'a bank of its own', transferId: null });
    const unknown = '0198f2c17f3a7c318b0e1d2f3a4b5c6e';
    await say(bulkId, 0, 'settled', { reference: unknown, transferId: transferIdOf(unknown) });
    await say(bulkId, 0, 'settled');
    await apply();
    await expect(
      database.query(`SELECT outcome FROM rail_evidence WHERE reference IN ('a bank of its own', $1)`, [unknown]),
    ).resolves.toEqual([{ outcome: 'unmatched' }, { outcome: 'unmatched' }]);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: 1 });
  });

  it('that cannot be recorded waits, and does not hold up that of other bulks', async () => {
    const [first, second] = [await submitted(['sandbox:accept']), await submitted(['sandbox:accept'])];
    await say(first.bulkId, 0, 'settled');
    await say(second.bulkId, 0, 'settled');
    jest.spyOn(worker.app.get(RecordMoves, { strict: false }), 'record').mockRejectedValueOnce(new Error('no'));
    await apply();
    await expect(statusesOf(worker.app, first.bulkId)).resolves.toEqual({ submitted: 1 });
    await expect(statusesOf(worker.app, second.bulkId)).resolves.toEqual({ settled: 1 });
    await skipTime(worker.app);
    await apply();
    await expect(statusesOf(worker.app, first.bulkId)).resolves.toEqual({ settled: 1 });
  });

  it('that money came back is kept until it is known that it was paid', async () => {
    const { bulkId } = await submitted(['sandbox:timeout']);
    await say(bulkId, 0, 'returned');
    await apply();
    await expect(outcomes(bulkId)).resolves.toEqual([null]);
    await skipTime(worker.app);
    await executeDue(worker.app); // asks the rail: it was executed
    await apply();
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ returned: 1 });
    await expect(outcomes(bulkId)).resolves.toEqual(['applied']);
  });
});
