import { newId } from '../../src/domain/ids.js';
import { ResendDeliveries } from '../../src/modules/webhooks/application/resend-deliveries.js';
import { ClaimRepository } from '../../src/modules/webhooks/persistence/claim.repository.js';
import { DeliveryRepository } from '../../src/modules/webhooks/persistence/delivery.repository.js';
import { DISCOVERY, ofOrganization, type Queryable, UnitOfWork } from '../../src/platform/database/index.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { createOrganization } from '../factories/organizations.js';
import { runLoop } from '../support/engine-steps.js';
import { ownerOf } from '../support/owner.js';
import { rowsRead } from '../support/rows-read.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const LIMITS = { inFlight: 100, inFlightPerOrganization: 20, claimMs: 60_000 };
const PAUSE_SECONDS = 600;

interface Made {
  readonly count: number;
  /** Each gets as many deliveries as that. */
  readonly deliveries?: number;
  readonly isOneOff?: boolean;
  readonly ordered?: boolean;
  readonly maxConcurrency?: number;
  readonly dueInSeconds?: number;
}

describe('the work list of webhooks', () => {
  let worker: TestWorker;
  let owner: Queryable;
  let claims: ClaimRepository;
  beforeAll(async () => {
    worker = await startTestWorker({ WEBHOOK_RETRY_SECONDS: String(PAUSE_SECONDS) }, { working: false });
    owner = ownerOf(worker.app);
    claims = worker.app.get(ClaimRepository, { strict: false });
    // Bulk requests of one-off endpoints are not what this is about.
    await owner.execute(`ALTER TABLE webhook_endpoints DROP CONSTRAINT webhook_endpoints_bulk_id_fkey`);
  });
  beforeEach(() => owner.execute(`DELETE FROM webhook_deliveries`));
  afterAll(() => worker.close());

  const organization = async (): Promise<string> => (await createOrganization(worker.app)).id;
  /** Endpoints with deliveries, as the fan-out makes them. The ids of the endpoints. */
  const make = async (organizationId: string, made: Made): Promise<string[]> => {
    const { count, deliveries = 1, isOneOff = false, ordered = false, maxConcurrency = 2, dueInSeconds = 0 } = made;
    const endpoints = await owner.query<{ id: string }>(
      `INSERT INTO webhook_endpoints (id, organization_id, url, types, ordered, max_concurrency, bulk_id, start_sequence)
       SELECT gen_random_uuid(), $1, 'https://acme.test', '{*}', $3, $4, CASE WHEN $5 THEN gen_random_uuid() END, 0
         FROM generate_series(1, $2) RETURNING id`,
      [organizationId, count, ordered, maxConcurrency, isOneOff],
    );
    const ids = endpoints.map(({ id }) => id);
    const each = ids.flatMap((endpointId) =>
      Array.from({ length: deliveries }, (_, index) => ({
        ...{ id: newId(), endpointId, eventId: `evt_${index + 1}`, eventType: 'account.opened', sequence: index + 1 },
      })),
    );
    const repository = worker.app.get(DeliveryRepository, { strict: false });
    await worker.app
      .get(UnitOfWork)
      .run(ofOrganization(organizationId), (tx) => repository.insert(tx, organizationId, each));
    await owner.execute(
      `UPDATE webhook_deliveries SET next_attempt_at = now() + $2 * interval '1 second' WHERE endpoint_id = ANY($1)`,
      [ids, dueInSeconds],
    );
    return ids;
  };
  const claim = async (): Promise<void> => {
    await worker.app.get(UnitOfWork).run(DISCOVERY, (tx) => claims.claim(tx, LIMITS));
  };
  /** How many are out of each of these. */
  const out = async (endpointIds: readonly string[]): Promise<number[]> => {
    const rows = await owner.query<{ n: number }>(
      `SELECT (SELECT count(*)::int FROM webhook_deliveries d WHERE d.endpoint_id = e.id AND d.status = 'delivering') AS n
         FROM unnest($1::uuid[]) WITH ORDINALITY AS e (id, place) ORDER BY e.place`,
      [endpointIds],
    );
    return rows.map(({ n }) => n);
  };
  const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
  const rows = (endpointId: string) =>
    owner.query(
      `SELECT sequence::int, status, attempts, attempts_in_round, last_failure,
              round(extract(epoch FROM next_attempt_at - now()))::int AS due_in
         FROM webhook_deliveries WHERE endpoint_id = $1 ORDER BY sequence`,
      [endpointId],
    );

  it('holds all callbacks of an organization for one receiver, which has half of its places at most', async () => {
    const [acme, other] = [await organization(), await organization()];
    const callbacks = await make(acme, { count: 60, isOneOff: true });
    const [main = ''] = await make(acme, { count: 1, deliveries: 50, maxConcurrency: 50 });
    const foreign = await make(other, { count: 3, isOneOff: true, deliveries: 9 });
    await claim();
    expect(sum(await out(callbacks))).toBe(10);
    expect(await out([main])).toEqual([10]);
    expect(await out(foreign)).toEqual([2, 2, 2]);
    await claim();
    expect(sum(await out(callbacks))).toBe(10);
  });

  it('lets no callback stand before the others, and keeps the order of those that want it', async () => {
    const acme = await organization();
    const [many = ''] = await make(acme, { count: 1, isOneOff: true, deliveries: 300, dueInSeconds: -60 });
    const [inOrder = ''] = await make(acme, { count: 1, isOneOff: true, deliveries: 3, ordered: true });
    await owner.execute(
      `UPDATE webhook_endpoints SET status = 'disabled', disabled_reason = 'gone', stop_sequence = 0 WHERE id = ANY($1)`,
      [await make(acme, { count: 150, isOneOff: true, dueInSeconds: -90 })],
    );
    for (let turn = 0; turn < 2; turn += 1) await claim();
    expect(await out([many, inOrder])).toEqual([2, 1]);
    expect(await rows(inOrder)).toMatchObject([{ status: 'delivering' }, { status: 'pending' }, { status: 'pending' }]);
  });

  it('looks at what is due, and not at each callback that waits for its next attempt', async () => {
    const acme = await organization();
    await make(acme, { count: 1_500, isOneOff: true, dueInSeconds: 3_600 });
    await make(acme, { count: 500, isOneOff: true });
    await owner.execute(`ANALYZE webhook_deliveries, webhook_endpoints`);
    const read = (ask: Parameters<typeof rowsRead>[3]): Promise<number> =>
      rowsRead(worker.app, DISCOVERY, 'webhook_deliveries', ask);
    expect(await read((tx) => claims.claim(tx, LIMITS))).toBeLessThan(250);
    expect(await claims.oldestDueSeconds()).toBeGreaterThan(0);
  });

  const interrupt = async (endpointId: string, failedBefore: number): Promise<void> => {
    await owner.execute(
      `UPDATE webhook_deliveries SET status = 'delivering', attempts = $2 + 1, attempts_in_round = $2, claim = 1,
              begun_at = now() - interval '1 minute', lease_until = now() - interval '1 second'
        WHERE endpoint_id = $1 AND sequence = 1`,
      [endpointId, failedBefore],
    );
    await runLoop(worker.app, 'sweep-webhooks');
  };

  it('counts an attempt whose worker died, and waits before the next as after any other', async () => {
    const acme = await organization();
    const [endpointId = ''] = await make(acme, { count: 1, ordered: true, deliveries: 2 });
    await interrupt(endpointId, 0);
    const [first, second] = await rows(endpointId);
    expect(first).toMatchObject({ status: 'pending', attempts: 1, attempts_in_round: 1, last_failure: 'interrupted' });
    expect((first as { due_in: number }).due_in).toBeGreaterThan(PAUSE_SECONDS - 60);
    await interrupt(endpointId, 1);
    expect(await rows(endpointId)).toMatchObject([{ status: 'failed', attempts: 2, attempts_in_round: 2 }, second]);
    expect(await owner.query(`SELECT type, subject_id FROM events WHERE organization_id = $1`, [acme])).toEqual([
      { type: 'webhook_delivery.failed', subject_id: endpointId },
    ]);
    const attempts = await owner.query(
      `SELECT attempt, failure, duration_ms >= 60000 AS told FROM webhook_attempts WHERE organization_id = $1 ORDER BY 1`,
      [acme],
    );
    expect(attempts).toEqual([1, 2].map((attempt) => ({ attempt, failure: 'interrupted', told: true })));
    // What stood behind it is sent.
    await claim();
    expect(await out([endpointId])).toEqual([1]);
  });

  it('takes back what nobody has begun without counting it', async () => {
    const acme = await organization();
    const [endpointId = ''] = await make(acme, { count: 1 });
    await claim();
    await owner.execute(`UPDATE webhook_deliveries SET lease_until = now() - interval '1 second'`);
    await runLoop(worker.app, 'sweep-webhooks');
    expect(await rows(endpointId)).toMatchObject([{ status: 'pending', attempts: 0, attempts_in_round: 0, due_in: 0 }]);
  });

  it('sends as many again as one request may, and says where to go on', async () => {
    const acme = await organization();
    const [endpointId = ''] = await make(acme, { count: 1, deliveries: 5_003 });
    await owner.execute(`UPDATE webhook_deliveries SET status = 'failed', attempts_in_round = 2, finished_at = now()`);
    const range = { endpointId, toSequence: 5_002, from: null, to: null, statuses: ['failed'] } as const;
    const resends = worker.app.get(ResendDeliveries, { strict: false });
    const resend = async (fromSequence: number | null): Promise<unknown> => {
      const command = { organizationId: acme, range: { ...range, fromSequence } };
      return JSON.parse((await resends.range(command, null, (resent) => Reply.of(202, resent))).json);
    };
    expect(await resend(null)).toEqual({ count: 5_000, nextSequence: 5_001 });
    expect(await resend(5_001)).toEqual({ count: 2, nextSequence: null });
    const states = await owner.query(
      `SELECT status, attempts_in_round AS round, count(*)::int, min(sequence)::int AS first
         FROM webhook_deliveries GROUP BY 1, 2 ORDER BY 1`,
    );
    expect(states).toEqual([
      { status: 'failed', round: 2, count: 1, first: 5_003 },
      { status: 'pending', round: 0, count: 5_002, first: 1 },
    ]);
  });

  it('finds what failed, and what is to be purged, without looking through the rest', async () => {
    const acme = await organization();
    const [endpointId = ''] = await make(acme, { count: 1, deliveries: 3_000 });
    await owner.execute(
      `UPDATE webhook_deliveries SET status = CASE sequence WHEN 7 THEN 'failed' ELSE 'succeeded' END, finished_at = now()`,
    );
    await owner.execute(`VACUUM ANALYZE webhook_deliveries`);
    const deliveries = worker.app.get(DeliveryRepository, { strict: false });
    const filter = { organizationId: acme, endpointId: null, status: 'failed', eventType: null } as const;
    for (const one of [filter, { ...filter, endpointId }]) {
      const read = await rowsRead(worker.app, ofOrganization(acme), 'webhook_deliveries', (tx) =>
        deliveries.list(tx, one, 50, null),
      );
      expect(read).toBeLessThan(10);
    }
    const purged = await rowsRead(worker.app, DISCOVERY, 'webhook_deliveries', (tx) => claims.purge(tx, 90, 100));
    expect(purged).toBeLessThan(10);
  });
});
