import { AccountsService } from '../../src/modules/accounts/index.js';
import { completeBulkRequestJob } from '../../src/modules/transfers/index.js';
import { executeChunkJobs } from '../../src/modules/transfers/transfers.jobs.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { Queues, RedisClient } from '../../src/platform/queue/index.js';
import { creditTransfers, germanIban, untilEnded } from '../factories/bulk-requests.js';
import { createAccount } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { eventually } from '../support/eventually.js';
import { assertInvariants } from '../support/invariants.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

const LINES = 60;
/** By line; the rest is plain. */
const WORDS: Readonly<Record<number, string>> = {
  1: 'sandbox:reject:AC04',
  5: 'sandbox:retry:1',
  12: 'sandbox:retry:3',
  17: 'sandbox:timeout',
  23: 'sandbox:lost',
  31: 'sandbox:accept',
  38: 'sandbox:return',
  // Longer than the lease: its worker comes too late with the results of the whole chunk.
  44: 'sandbox:slow:2000',
  52: 'sandbox:reject:AC06',
};
const OWN_ACCOUNT_LINE = 8;
const FOREIGN_ACCOUNT_LINES = [20, 21];

/**
 * Two workers, three organizations, every steering word, leases that run out, jobs that come twice, and a Redis that forgets
 * everything, twice. It must all come out as if nothing had happened.
 */
describe('the engine, disturbed', () => {
  let first: TestWorker;
  let second: TestWorker;
  let database: Queryable;
  const env = { CHUNK_SIZE: '7', CHUNK_LEASE_MS: '1500', DISPATCH_IN_FLIGHT: '6' };
  beforeAll(async () => {
    first = await startTestWorker(env);
    second = await startTestWorker(env, { databaseUrl: first.databaseUrl });
    database = ownerOf(first.app);
  });
  afterAll(async () => {
    await second.close();
    await first.close();
  });

  const submit = async (payer: Payer, foreignIban: string, ownIban: string): Promise<string> => {
    const lines = creditTransfers(LINES, (line) => WORDS[line] ?? 'Salary').map((line, at) => {
      if (at === OWN_ACCOUNT_LINE) return { ...line, counterparty_iban: ownIban };
      return FOREIGN_ACCOUNT_LINES.includes(at) ? { ...line, counterparty_iban: foreignIban } : line;
    });
    return payer.submit(0, undefined, { credit_transfers: lines });
  };
  const settled = async (): Promise<number> =>
    (await database.query(`SELECT 1 FROM transfers WHERE status IN ('settled', 'returned')`)).length;

  /** Redis forgets everything, and every job there ever was comes again. */
  async function disturb(generation: number): Promise<void> {
    await first.app.get(RedisClient).connection.flushdb();
    const chunks = await database.query<{ id: string; organizationId: string; rail: 'book' | 'sandbox' }>(
      `SELECT id, organization_id AS "organizationId", rail FROM chunks`,
    );
    const bulks = await database.query<{ id: string; organizationId: string }>(
      `SELECT id, organization_id AS "organizationId" FROM bulk_requests`,
    );
    await second.app.get(Queues).publish([
      ...chunks.map(({ id, organizationId, rail }) => ({
        job: executeChunkJobs[rail].name,
        id,
        generation,
        envelope: { organizationId, ids: { chunkId: id }, requestId: null, outboxId: null },
      })),
      ...bulks.map(({ id, organizationId }) => ({
        job: completeBulkRequestJob.name,
        id,
        generation,
        envelope: { organizationId, ids: { bulkId: id }, requestId: null, outboxId: null },
      })),
    ]);
  }

  it('pays every line once, and says what became of each', async () => {
    const { app } = first;
    const payers = await Promise.all([createPayer(app), createPayer(app), createPayer(app)]);
    const held = await Promise.all(
      payers.map(async ({ organizationId }, at) => {
        const account = await createAccount(app, { organizationId, iban: germanIban(7_000_000 + at) });
        await app.get(AccountsService, { strict: false }).verify(organizationId, account.id);
        return account.iban ?? '';
      }),
    );
    const bulks = await Promise.all(
      payers.flatMap((payer, at) => {
        const foreign = held[(at + 1) % held.length] ?? '';
        return [0, 1].map(async () => ({ payer, id: await submit(payer, foreign, held[at] ?? '') }));
      }),
    );
    for (const [turn, lines] of [40, 150].entries()) {
      await eventually(async () => (await settled()) >= lines, { what: `${lines} lines to settle` });
      await disturb(1_000 + turn);
    }
    for (const { payer, id } of bulks) {
      const bulk = await untilEnded(app, payer.organizationId, id);
      expect(bulk).toMatchObject({ status: 'partially_completed', transferCount: LINES, failedMinor: 200n });
    }
    await eventually(
      async () => {
        const [left] = await database.query<{ jobs: number; returns: number }>(
          `SELECT (SELECT count(*)::int FROM outbox) AS jobs,
                  (SELECT count(*)::int FROM transfers WHERE description = 'sandbox:return' AND status <> 'returned') AS returns`,
        );
        return left?.jobs === 0 && left.returns === 0;
      },
      { what: 'the last jobs to be done and the returns to come' },
    );
    const counts = await database.query(`SELECT status, count(*)::int AS lines FROM transfers GROUP BY 1 ORDER BY 1`);
    expect(counts).toEqual([
      { status: 'failed', lines: 12 },
      { status: 'returned', lines: 6 },
      { status: 'settled', lines: 342 },
    ]);
    await assertInvariants(database);
  }, 90_000);
});
