import type { INestApplicationContext } from '@nestjs/common';
import { RunReconciliation } from '../../src/modules/reconciliation/application/run-reconciliation.js';
import type { Break } from '../../src/modules/reconciliation/domain/break.js';
import type { RequestRun, Run } from '../../src/modules/reconciliation/domain/run.js';
import { ReconciliationQueries } from '../../src/modules/reconciliation/reconciliation.queries.js';
import { ReconciliationService } from '../../src/modules/reconciliation/reconciliation.service.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import type { NewEvidence } from '../../src/modules/transfers/index.js';
import type { Payer } from '../factories/payer.js';
import { completeAll, executeDue, runLoop } from './engine-steps.js';
import { eventually } from './eventually.js';
import { sayOf } from './evidence-steps.js';
import { lineOf } from './transfer-steps.js';
import { ownerOf } from './owner.js';

/*
 * Reconciling by hand, in a process that does not work by itself. The bank is the sandbox, and its journal is what a test tampers with.
 */

const DAY_MS = 86_400_000;
const ALL = { limit: 100 };

/** A bulk of these lines after their first submission. */
export async function submitLines(
  app: INestApplicationContext,
  payer: Payer,
  words: readonly string[],
): Promise<string> {
  const bulkId = await payer.submit(words.length, (line) => words[line] ?? '');
  await executeDue(app);
  return bulkId;
}

/** A bulk of one line after its first submission, completed when that ended it. */
export async function submitLine(
  app: INestApplicationContext,
  payer: Payer,
  words: string,
): Promise<{ bulkId: string; transferId: string }> {
  const bulkId = await submitLines(app, payer, [words]);
  await completeAll(app);
  return { bulkId, transferId: await lineOf(app, bulkId) };
}

/** The one break a payer has after the rail contradicted what became of a line. */
export async function contradict(
  app: INestApplicationContext,
  payer: Payer,
  words: string,
  status: NewEvidence['status'],
): Promise<Break> {
  const { transferId } = await submitLine(app, payer, words);
  await sayOf(app, transferId, status);
  await applyEvidence(app);
  return onlyBreakOf(app, payer.organizationId);
}

/** The end of a period that has everything booked until now: the bank stamps in microseconds, a period ends on a millisecond. */
async function endOfPeriod(): Promise<Date> {
  const booked = Date.now();
  return eventually(() => Date.now() > booked && new Date(), { what: 'the next millisecond' });
}

/** A run that was asked for and that nobody has made yet. Over the last day on the sandbox unless told otherwise. */
export async function requestRun(
  app: INestApplicationContext,
  values: Partial<RequestRun> = {},
  key: string | null = null,
): Promise<string> {
  const to = values.to ?? (await endOfPeriod());
  const command = { organizationId: null, rail: 'sandbox', from: new Date(to.getTime() - DAY_MS), to, ...values };
  const service = app.get(ReconciliationService, { strict: false });
  const reply = await service.requestRun(command, key, (run) => Reply.of(202, { id: run.id }));
  return (JSON.parse(reply.json) as { id: string }).id;
}

/** One turn of a worker at a run. */
export async function executeRun(app: INestApplicationContext, runId: string): Promise<Run> {
  await app.get(RunReconciliation, { strict: false }).execute(runId);
  return getRun(app, runId);
}

export function getRun(app: INestApplicationContext, runId: string): Promise<Run> {
  return app.get(ReconciliationQueries, { strict: false }).getRun(null, runId);
}

export async function reconcile(app: INestApplicationContext, values: Partial<RequestRun> = {}): Promise<Run> {
  return executeRun(app, await requestRun(app, values));
}

/** What statements and callbacks said, applied, and the cases opened about it. */
export async function applyEvidence(app: INestApplicationContext): Promise<void> {
  await runLoop(app, 'rail-evidence');
  await runLoop(app, 'reconciliation-evidence');
}

/** All breaks, or one organization's; oldest first. */
export async function breaksOf(app: INestApplicationContext, organizationId: string | null = null): Promise<Break[]> {
  const page = await app.get(ReconciliationQueries, { strict: false }).listBreaks({ organizationId }, ALL);
  return [...page.data].reverse();
}

/** The one break of an organization. */
export async function onlyBreakOf(app: INestApplicationContext, organizationId: string): Promise<Break> {
  const [found, ...others] = await breaksOf(app, organizationId);
  if (!found || others.length > 0) throw new Error(`There are ${found ? others.length + 1 : 0} breaks, not one.`);
  return found;
}

export async function runsOf(app: INestApplicationContext, organizationId: string | null = null): Promise<Run[]> {
  return [...(await app.get(ReconciliationQueries, { strict: false }).listRuns(organizationId, ALL)).data].reverse();
}

/** Resolves without a key; the break afterwards. */
export async function resolveBreak(
  app: INestApplicationContext,
  breakId: string,
  resolution: Break['resolution'],
  organizationId: string | null = null,
): Promise<Break> {
  const service = app.get(ReconciliationService, { strict: false });
  const command = { organizationId, breakId, resolution: resolution ?? 'no_action', note: 'As agreed with the bank' };
  await service.resolve(command, 'admin', null, () => Reply.of(200, {}));
  return app.get(ReconciliationQueries, { strict: false }).getBreak(organizationId, breakId);
}

/** Changes what the bank has of a line of a bulk. `set` is SQL, of the columns of its journal. */
export async function tamper(app: INestApplicationContext, bulkId: string, line: number, set: string): Promise<void> {
  const changed = await ownerOf(app).execute(
    `UPDATE sandbox_journal SET ${set}
      WHERE reference = (SELECT replace(id::text, '-', '') FROM transfers WHERE bulk_id = $1 AND line = $2)`,
    [bulkId, line],
  );
  if (changed !== 1) throw new Error('The bank does not have this line.');
}

/** The bank never had it. */
export async function forgetAtBank(app: INestApplicationContext, bulkId: string, line: number): Promise<void> {
  const removed = await ownerOf(app).execute(
    `DELETE FROM sandbox_journal
      WHERE reference = (SELECT replace(id::text, '-', '') FROM transfers WHERE bulk_id = $1 AND line = $2)`,
    [bulkId, line],
  );
  if (removed !== 1) throw new Error('The bank does not have this line.');
}

/** The bank books the line once more, under an id of its own: it spells our reference in upper case. */
export async function bookAgain(app: INestApplicationContext, bulkId: string, line: number): Promise<void> {
  const booked = await ownerOf(app).execute(
    `INSERT INTO sandbox_journal (reference, status, amount_minor, currency, received_at)
     SELECT upper(j.reference), j.status, j.amount_minor, j.currency, j.received_at + interval '1 ms'
       FROM sandbox_journal j JOIN transfers t ON j.reference = replace(t.id::text, '-', '')
      WHERE t.bulk_id = $1 AND t.line = $2`,
    [bulkId, line],
  );
  if (booked !== 1) throw new Error('The bank does not have this line.');
}

/** The bank books something that we know nothing of. */
export async function bookStranger(app: INestApplicationContext, reference: string): Promise<void> {
  await ownerOf(app).execute(
    // A moment ago: what is asked for next ends with the millisecond that has begun.
    `INSERT INTO sandbox_journal (reference, status, amount_minor, currency, received_at)
     VALUES ($1, 'settled', 777, 'EUR', now() - interval '10 ms')`,
    [reference],
  );
}
