import type { INestApplicationContext } from '@nestjs/common';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { DeliverBookCredits } from '../../src/modules/transfers/application/deliver-book-credits.js';
import { type ChunkReport, ExecuteChunk } from '../../src/modules/transfers/application/execute-chunk.js';
import { LeaseChunk, type LeaseResult } from '../../src/modules/transfers/application/lease-chunk.js';
import { TransfersService } from '../../src/modules/transfers/index.js';
import { deliverBookCreditsJob } from '../../src/modules/transfers/transfers.jobs.js';
import { newId } from '../../src/domain/ids.js';
import { Outbox } from '../../src/platform/outbox/index.js';
import { Loops } from '../../src/platform/scheduling/index.js';
import { creditTransfers, submitBulk } from '../factories/bulk-requests.js';
import { createFundedAccount } from '../factories/organizations.js';
import { assertInvariants, type ExpectedState } from './invariants.js';
import type { TestWorker } from './test-worker.js';
import { ownerOf } from './owner.js';

/*
 * Working a bulk off by hand, in a process that does not work by itself: every step is the test's, so there is nothing to wait for.
 */

/** For a worker that is stepped through: what waits for a backoff waits until the test skips it. */
export const UNHURRIED = { RETRY_BASE_MS: '3600000', RAIL_VISIBILITY_HORIZON_MS: '60000' };

export interface StoredTransfer {
  id: string;
  line: number;
  status: string;
  rail: string;
  attempts: number;
  possiblySent: boolean;
  chunkId: string;
  attention: string | null;
  failureCode: string | null;
}

export interface StoredChunk {
  id: string;
  parentId: string | null;
  purpose: string;
  rail: string;
  status: string;
  lineFrom: number;
  lineTo: number;
  lineCount: number;
  tries: number;
  deaths: number;
  submittedThrough: number | null;
}

export function transfersOf(app: INestApplicationContext, bulkId: string): Promise<StoredTransfer[]> {
  return ownerOf(app).query(
    `SELECT id, line, status, rail, attempts, possibly_sent AS "possiblySent", chunk_id AS "chunkId", attention,
            failure_code AS "failureCode" FROM transfers WHERE bulk_id = $1 ORDER BY line`,
    [bulkId],
  );
}

/** How many lines are in which state. */
export async function statusesOf(app: INestApplicationContext, bulkId: string): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status } of await transfersOf(app, bulkId)) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
}

/** The chunks that are not closed, oldest first. */
export function openChunksOf(app: INestApplicationContext, bulkId: string): Promise<StoredChunk[]> {
  return ownerOf(app).query(
    `SELECT id, parent_id AS "parentId", purpose, rail, status, line_from AS "lineFrom", line_to AS "lineTo",
            line_count AS "lineCount", tries, deaths, submitted_through AS "submittedThrough"
       FROM chunks WHERE bulk_id = $1 AND closed_at IS NULL ORDER BY id`,
    [bulkId],
  );
}

/** The one open chunk of a bulk. */
export async function onlyChunkOf(app: INestApplicationContext, bulkId: string): Promise<StoredChunk> {
  const [chunk, ...others] = await openChunksOf(app, bulkId);
  if (!chunk || others.length > 0)
    throw new Error(`The bulk has ${chunk ? others.length + 1 : 0} open chunks, not one.`);
  return chunk;
}

/** How often each line of a bulk reached the rail. */
export async function submissionsOf(app: INestApplicationContext, bulkId: string): Promise<number[]> {
  const lines = await ownerOf(app).query<{ submissions: number }>(
    `SELECT coalesce(j.submissions, 0) AS submissions FROM transfers t
       LEFT JOIN sandbox_journal j ON j.reference = replace(t.id::text, '-', '') WHERE t.bulk_id = $1 ORDER BY t.line`,
    [bulkId],
  );
  return lines.map(({ submissions }) => submissions);
}

/** One turn of a loop, as a worker would run it. */
export async function runLoop(app: INestApplicationContext, name: string): Promise<void> {
  const runner = app.get(Loops)['runners'].find(({ loop }) => loop.name === name);
  if (!runner) throw new Error(`There is no loop ${name}.`);
  while (await runner.loop.run());
}

/** Makes everything due: what waits for a backoff, a horizon, or the sandbox's own time. */
export async function skipTime(app: INestApplicationContext): Promise<void> {
  const database = ownerOf(app);
  await database.execute(`UPDATE chunks SET due_at = now() WHERE closed_at IS NULL AND due_at > now()`);
  await database.execute(`UPDATE outbox SET available_at = now() WHERE available_at > now()`);
  await database.execute(`UPDATE rail_evidence SET retry_at = now() WHERE retry_at > now()`);
  await database.execute(`UPDATE sandbox_journal SET settles_at = now() WHERE settles_at > now()`);
  await database.execute(`UPDATE sandbox_journal SET returns_at = now() WHERE returns_at > now()`);
}

/** The worker that leased the chunk is gone, or too slow. */
export async function expireLease(app: INestApplicationContext, chunkId: string): Promise<void> {
  const expired = await ownerOf(app).execute(
    `UPDATE chunks SET lease_expires_at = now() - interval '1 s' WHERE id = $1 AND status = 'leased'`,
    [chunkId],
  );
  if (expired !== 1) throw new Error('The chunk is not leased.');
}

export function sweep(app: INestApplicationContext): Promise<void> {
  return runLoop(app, 'sweep-chunks');
}

/** Leases a chunk as a worker does before it sends anything. */
export async function takeChunk(app: INestApplicationContext, chunkId: string): Promise<LeaseResult> {
  return app.get(LeaseChunk, { strict: false }).take(await ownerOfRow(app, 'chunks', chunkId), chunkId);
}

/** A worker takes the chunk and is never heard of again. */
export async function loseChunk(app: INestApplicationContext, chunkId: string): Promise<void> {
  if ('ended' in (await takeChunk(app, chunkId))) throw new Error('The chunk was not leased.');
  await expireLease(app, chunkId);
  await sweep(app);
}

export async function executeChunk(app: INestApplicationContext, chunkId: string): Promise<ChunkReport> {
  return app.get(ExecuteChunk, { strict: false }).execute(await ownerOfRow(app, 'chunks', chunkId), chunkId);
}

/** As the job does that a failed line asks for. */
export async function stopBulk(app: INestApplicationContext, bulkId: string): Promise<void> {
  const organizationId = await ownerOfRow(app, 'bulk_requests', bulkId);
  await app.get(BulkRequestsService, { strict: false }).stop(organizationId, bulkId);
}

/** The organization a row belongs to; for one that is not there, nobody. */
async function ownerOfRow(
  app: INestApplicationContext,
  table: 'chunks' | 'bulk_requests',
  id: string,
): Promise<string> {
  const [row] = await ownerOf(app).query<{ organizationId: string }>(
    `SELECT organization_id AS "organizationId" FROM ${table} WHERE id = $1`,
    [id],
  );
  return row?.organizationId ?? newId();
}

export function executeNext(app: INestApplicationContext): Promise<ChunkReport | null> {
  return app.get(TransfersService, { strict: false }).executeNext(null);
}

/** Executes what is due, and nothing that becomes due by it. */
export async function executeDue(app: INestApplicationContext): Promise<ChunkReport[]> {
  const reports: ChunkReport[] = [];
  for (let report = await executeNext(app); report !== null; report = await executeNext(app)) reports.push(report);
  return reports;
}

/** A bulk of these lines, from an account that has just their total, after their first submission. */
export async function submitExactly(
  app: INestApplicationContext,
  organizationId: string,
  words: readonly string[],
  values: Partial<Submission> = {},
): Promise<{ bulkId: string; accountId: string }> {
  const account = await createFundedAccount(app, { organizationId, amount: `${words.length}.00` });
  const { bulkId } = await submitBulk(app, organizationId, {
    debtor_account_id: account.id,
    credit_transfers: creditTransfers(words.length, (line) => words[line] ?? ''),
    ...values,
  });
  await executeDue(app);
  return { bulkId, accountId: account.id };
}

/** Works everything off, whatever time it would take, delivers what is to be delivered and completes what can be completed. */
export async function workOff(app: INestApplicationContext): Promise<void> {
  for (let worked = true; worked;) {
    await skipTime(app);
    worked = (await executeDue(app)).length > 0;
    await runLoop(app, 'rail-notices');
    await runLoop(app, 'rail-evidence');
    // Ending a bulk can make more work: a reversal.
    if (!worked) worked = await completeAll(app);
  }
  await deliverAll(app);
}

async function deliverAll(app: INestApplicationContext): Promise<void> {
  const waiting = await ownerOf(app).query<{ id: string; chunkId: string }>(
    `SELECT id, payload ->> 'chunkId' AS "chunkId" FROM outbox WHERE job = $1`,
    [deliverBookCreditsJob.name],
  );
  for (const { id, chunkId } of waiting) {
    await app.get(DeliverBookCredits, { strict: false }).deliver(chunkId);
    await app.get(Outbox, { strict: false }).acknowledge(id);
  }
}

/** Completes what can be completed, or opens its reversal. Whether there was any. */
export async function completeAll(app: INestApplicationContext): Promise<boolean> {
  const bulkRequests = app.get(BulkRequestsService, { strict: false });
  const looked = new Set<string>();
  for (;;) {
    const step = await bulkRequests.completeNext(null);
    // One that stays open is not looked at for ever.
    if (!step || looked.has(step.bulkId)) return looked.size > 0;
    looked.add(step.bulkId);
  }
}

/** The end of a test file: works everything off, asserts the invariants, and closes the worker whatever they say. */
export async function finish(worker: TestWorker, expected: ExpectedState = {}): Promise<void> {
  try {
    await workOff(worker.app);
    await assertInvariants(ownerOf(worker.app), expected);
  } finally {
    await worker.close();
  }
}
