import { DomainError } from '../../src/domain/errors.js';
import { BulkControlRepository } from '../../src/modules/bulk-requests/persistence/bulk-control.repository.js';
import { RailsService } from '../../src/modules/rails/index.js';
import type { Queryable, Tx } from '../../src/platform/database/index.js';
import { controlOf } from '../factories/bulk-control.js';
import { untilEnded } from '../factories/bulk-requests.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { transfersOf } from '../support/engine-steps.js';
import { eventually } from '../support/eventually.js';
import { assertInvariants } from '../support/invariants.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const LINES = 60;
const ROUNDS = 16;
const PARALLEL = 8;
/** Everything at once on a busy machine takes its time. */
const PATIENCE_MS = 60_000;
const WINDOW_LINES = 3;
const WORDS: Readonly<Record<number, string>> = {
  2: 'sandbox:reject:AC04',
  9: 'sandbox:retry:2',
  17: 'sandbox:timeout',
  25: 'sandbox:accept',
  33: 'sandbox:slow:30',
  41: 'sandbox:reject:AC06',
  50: 'sandbox:slow:30',
};

/** Two workers that take a few lines at a time, and somebody who interferes at any moment. */
describe('control of bulk requests that busy workers are at', () => {
  let first: TestWorker;
  let second: TestWorker;
  let database: Queryable;
  let payer: Payer;
  const env = { CHUNK_SIZE: '10', DISPATCH_IN_FLIGHT: '8', RETRY_MAX_MS: '50' };
  beforeAll(async () => {
    first = await startTestWorker(env);
    second = await startTestWorker(env, { databaseUrl: first.databaseUrl });
    for (const { app } of [first, second]) {
      jest.spyOn(app.get(RailsService, { strict: false }).get('sandbox'), 'windowLines').mockReturnValue(WINDOW_LINES);
    }
    database = ownerOf(first.app);
    payer = await createPayer(first.app);
  });
  afterAll(async () => {
    jest.restoreAllMocks();
    await second.close();
    await first.close();
  });

  /** Lines of a bulk that ever reached the rail. */
  const reachedRail = async (bulkId: string): Promise<string[]> => {
    const rows = await database.query<{ id: string }>(
      `SELECT t.id FROM transfers t JOIN sandbox_journal j ON j.reference = replace(t.id::text, '-', '')
        WHERE t.bulk_id = $1`,
      [bulkId],
    );
    return rows.map(({ id }) => id);
  };
  /** As soon as so many lines of the bulk have reached the rail. */
  const untilReached = (bulkId: string, lines: number): Promise<boolean> =>
    eventually(async () => (await reachedRail(bulkId)).length >= lines, { what: `${lines} lines to reach the rail` });

  /** The lines that are certain never to be sent, as seen under the bulk's lock right before a cancel counts them. */
  function watchUnsent(): Map<string, string[]> {
    const unsent = new Map<string, string[]>();
    const repository = first.app.get(BulkControlRepository, { strict: false });
    const count = repository.countCancelled.bind(repository);
    jest.spyOn(repository, 'countCancelled').mockImplementation(async (tx: Tx, bulkId) => {
      const rows = await tx.query<{ id: string }>(
        `SELECT t.id FROM transfers t JOIN chunks c ON c.id = t.chunk_id
          WHERE t.bulk_id = $1 AND t.status = 'pending' AND NOT t.possibly_sent
            AND (c.status <> 'leased' OR t.line > c.submitted_through)`,
        [bulkId],
      );
      if (!unsent.has(bulkId))
        unsent.set(
          bulkId,
          rows.map(({ id }) => id),
        );
      return count(tx, bulkId);
    });
    return unsent;
  }

  it('cancels exactly what it says: no line outside the windows granted by then is ever sent', async () => {
    const unsent = watchUnsent();
    const control = controlOf(first.app, payer.organizationId);
    /** One bulk, cancelled when so many of its lines have reached the rail. */
    const round = async (lines: number): Promise<{ cancelled: number; inFlight: number }> => {
      const bulkId = await payer.submit(LINES, (line) => WORDS[line] ?? 'Salary');
      await untilReached(bulkId, lines);
      const [answer, again] = await Promise.all([control.cancel(bulkId), control.cancel(bulkId)]);
      const { counts, status } = await untilEnded(first.app, payer.organizationId, bulkId, PATIENCE_MS);
      const sent = await reachedRail(bulkId);
      const neverSent = unsent.get(bulkId) ?? [];
      expect(neverSent.filter((id) => sent.includes(id))).toEqual([]);
      const left = (await transfersOf(first.app, bulkId)).filter(({ id }) => neverSent.includes(id));
      expect(left.filter((line) => line.status !== 'cancelled')).toEqual([]);
      for (const { cancelled, inFlight } of [answer, again]) {
        expect(cancelled).toBeGreaterThanOrEqual(neverSent.length);
        expect(counts.cancelled).toBeGreaterThanOrEqual(cancelled);
        expect(sent.length).toBeLessThanOrEqual(LINES - cancelled);
        expect(cancelled + inFlight).toBeLessThanOrEqual(LINES);
        // Whatever else was sent in the end had ended, or was counted as in flight.
        expect(counts.cancelled - cancelled).toBeLessThanOrEqual(inFlight);
      }
      expect(['partially_completed', 'cancelled']).toContain(status);
      return answer;
    };
    const answers: { cancelled: number; inFlight: number }[] = [];
    for (let at = 0; at < ROUNDS; at += PARALLEL) {
      // Several at a time, so that leases, windows, records and cancels meet; from the first line to nearly the last.
      const bulks = Array.from({ length: PARALLEL }, (_, bulk) => round(((at + bulk) * 7) % 48));
      answers.push(...(await Promise.all(bulks)));
    }
    // It did meet them at work: some had lines in flight, and all had some that were spared.
    expect(answers.filter(({ inFlight }) => inFlight > 0).length).toBeGreaterThan(0);
    expect(answers.filter(({ cancelled }) => cancelled > 0).length).toBeGreaterThan(0);
    await assertInvariants(database);
  }, 120_000);

  it('pauses and resumes at any moment: nothing is sent in between, and every line is still paid once', async () => {
    const control = controlOf(second.app, payer.organizationId);
    const leased = `SELECT 1 FROM chunks WHERE bulk_id = $1 AND status = 'leased' AND purpose = 'submit'`;
    let held = 0;
    /** Paused and resumed as soon as so many lines have reached the rail. False once it has ended. */
    const interrupt = async (bulkId: string, lines: number): Promise<boolean> => {
      await untilReached(bulkId, lines);
      if ((await refusedState(control.pause(bulkId))) !== null) return false;
      const granted = async () => (await database.query(leased, [bulkId])).length;
      await eventually(async () => (await granted()) === 0, { what: 'the windows granted so far to be recorded' });
      const sent = await reachedRail(bulkId);
      const other = await payer.submit(1);
      await untilEnded(second.app, payer.organizationId, other, PATIENCE_MS); // the workers are at work all the while
      expect((await reachedRail(bulkId)).sort()).toEqual(sent.sort());
      if (sent.length < LINES) held++;
      return (await refusedState(control.resume(bulkId))) === null;
    };
    const bulkIds = await Promise.all([0, 1, 2, 3].map(() => payer.submit(LINES, (line) => WORDS[line] ?? 'Salary')));
    await Promise.all(
      bulkIds.map(async (bulkId) => {
        for (let lines = 0; lines < LINES && (await interrupt(bulkId, lines)); lines += 10);
        await expect(untilEnded(second.app, payer.organizationId, bulkId, PATIENCE_MS)).resolves.toMatchObject({
          status: 'partially_completed',
          counts: { settled: LINES - 2, failed: 2 },
        });
      }),
    );
    expect(held).toBeGreaterThan(bulkIds.length);
    await assertInvariants(database);
  }, 120_000);
});

/** The final state that an action is refused for; null when it is not. */
async function refusedState(action: Promise<unknown>): Promise<string | null> {
  try {
    await action;
    return null;
  } catch (error) {
    const status = error instanceof DomainError ? error.details.members?.['current_status'] : undefined;
    if (status !== 'partially_completed') throw error;
    return status;
  }
}
