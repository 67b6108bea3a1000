import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  completeAll,
  executeChunk,
  expireLease,
  finish,
  loseChunk,
  openChunksOf,
  skipTime,
  statusesOf,
  type StoredChunk,
  submissionsOf,
  sweep,
  transfersOf,
  UNHURRIED,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { resolveTransfer } from '../support/transfer-steps.js';
import { ownerOf } from '../support/owner.js';

const LINES = 100;
const POISON = 37;
/** Until the line is alone, halving would take seven more; a tenth at a time takes fewer, and the first death splits nothing. */
const MOST_DEATHS = 6;

describe('one line that kills every worker, among a hundred', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: String(LINES) }, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
  });
  afterAll(() => finish(worker));

  /** Whether the poisonous line is still to be worked on in this chunk. */
  async function isPoisonous(bulkId: string, chunk: StoredChunk): Promise<boolean> {
    const lines = await transfersOf(worker.app, bulkId);
    return lines.some((one) => one.line === POISON && one.chunkId === chunk.id);
  }

  /**
   * Hands every chunk out, again and again, to workers that `die` of the poison.
   *
   * @returns how many workers died, and of how many lines each
   */
  async function workOffWith(bulkId: string, die: (chunk: StoredChunk) => Promise<boolean>): Promise<number[]> {
    const deaths: number[] = [];
    for (let turn = 0; turn < 20; turn++) {
      await skipTime(worker.app);
      const chunks = await openChunksOf(worker.app, bulkId);
      if (chunks.length === 0) return deaths;
      for (const chunk of chunks) {
        const died = (await isPoisonous(bulkId, chunk)) && (await die(chunk));
        if (died) deaths.push(chunk.lineCount);
        else await executeChunk(worker.app, chunk.id);
      }
    }
    throw new Error(`The bulk is still worked on after ${deaths.length} deaths.`);
  }

  async function resolvePoison(bulkId: string, outcome: 'settled' | 'failed'): Promise<void> {
    const poison = (await transfersOf(worker.app, bulkId)).find((one) => one.line === POISON);
    const { organizationId } = payer;
    const command = { organizationId, transferId: poison?.id ?? '', outcome, evidence: 'The bank said so' };
    await resolveTransfer(worker.app, command);
    await completeAll(worker.app);
    const queries = worker.app.get(BulkRequestsQueries, { strict: false });
    const status = outcome === 'settled' ? 'completed' : 'partially_completed';
    await expect(queries.get(organizationId, bulkId)).resolves.toMatchObject({ status });
  }

  it.each<[string, (chunk: StoredChunk) => boolean, number[]]>([
    ['whatever they do with it', () => true, [100, 100, 10, 1, 1, 1]],
    ['when they send it', (chunk) => chunk.purpose === 'submit', [100, 10, 1, 1, 1]],
  ])('%s, is left to a person after a few deaths, and the others are paid', async (_, isDeadly, expected) => {
    const bulkId = await payer.submit(LINES);
    const deaths = await workOffWith(bulkId, async (chunk) => {
      if (!isDeadly(chunk)) return false;
      await loseChunk(worker.app, chunk.id);
      return true;
    });
    expect(deaths).toEqual(expected);
    expect(deaths.length).toBeLessThanOrEqual(MOST_DEATHS);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: LINES - 1, manual_review: 1 });
    const lines = await transfersOf(worker.app, bulkId);
    expect(lines[POISON]).toMatchObject({ status: 'manual_review', possiblySent: true, failureCode: 'lost_lease' });
    const submissions = await submissionsOf(worker.app, bulkId);
    expect(submissions).toEqual(lines.map(({ line }) => (line === POISON ? 0 : 1)));
    await resolvePoison(bulkId, 'failed');
  });

  it('because what becomes of it cannot be recorded, is cornered likewise, and the others are recorded as paid', async () => {
    const bulkId = await payer.submit(LINES);
    // What its submission or an inquiry says about this line, the database refuses: with it, the record of its whole chunk.
    await database.execute(`ALTER TABLE transfers ADD CONSTRAINT poison
      CHECK (bulk_id <> '${bulkId}' OR line <> ${POISON} OR status <> 'settled')`);
    const deaths = await workOffWith(bulkId, async (chunk) => {
      await expect(executeChunk(worker.app, chunk.id)).rejects.toThrow('poison');
      await expireLease(worker.app, chunk.id);
      await sweep(worker.app);
      return true;
    });
    expect(deaths).toEqual([100, 100, 10, 1, 1, 1]);
    await expect(statusesOf(worker.app, bulkId)).resolves.toEqual({ settled: LINES - 1, manual_review: 1 });
    // The very first worker has sent all of them: whatever came later only asked.
    expect(new Set(await submissionsOf(worker.app, bulkId))).toEqual(new Set([1]));
    await database.execute(`ALTER TABLE transfers DROP CONSTRAINT poison`);
    await resolvePoison(bulkId, 'settled');
  });
});
