import { randomUUID } from 'node:crypto';
import type { BulkRequestDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import { eventually } from '../support/eventually.js';
import { startPostgresProxy } from '../support/postgres-proxy.js';
import { type Answer, callApi } from './lab/client.js';
import { type Night, startNight } from './lab/night.js';
import { bulkOf, payroll } from './lab/payroll.js';

const POSTS = 200;
/** What docs/runbook.md promises, each without restarting any process. */
const PROMISED_MS = { redisBack: 30_000, redisWiped: 60_000, postgresRestarted: 15_000 };
/** Then the rest of the bulk has to be paid. */
const PAYING_MS = 30_000;

describe('servers', () => {
  let night: Night;
  beforeAll(async () => {
    night = await startNight({ workers: 2 });
    await night.bank.faults({ latency_ms: { min: 50, max: 250 } });
  });
  afterAll(() => night.close());

  /** Submits a bulk, and waits until it is somewhere in the middle. */
  const submitAndPay = async (lines: number): Promise<string> => {
    const bulkId = await night.submit(payroll(lines));
    await night.untilSettled(bulkId, night.random.integer(1, Math.floor(lines / 4)));
    return bulkId;
  };
  const endWell = async (bulkId: string, withinMs: number): Promise<void> => {
    const before = await night.settledLines(bulkId);
    const at = Date.now();
    await night.untilEnded({ timeoutMs: withinMs + PAYING_MS });
    process.stdout.write(`${before} lines had been paid; the bulk ended ${Date.now() - at} ms later.\n`);
    await night.assertInvariants();
  };

  it('the API killed while 200 bulks are posted: who asks again gets the one bulk there is', async () => {
    const bodies = Array.from({ length: POSTS }, () => ({ key: randomUUID(), body: bulkOf(payroll(3)) }));
    const first = new Map<string, string>();
    const post = async ({ key, body }: (typeof bodies)[number]): Promise<Answer<BulkRequestDto> | null> =>
      night.call<BulkRequestDto>('POST', '/bulk-requests', { body, key }).catch(() => null);
    const killAfter = night.random.integer(10, POSTS - 10);
    const posts = bodies.map(async (one) => {
      const answer = await post(one);
      if (answer?.status === 202) first.set(one.key, answer.body.id);
    });
    await eventually(() => first.size >= killAfter, { what: `${killAfter} bulks to be acknowledged` });
    await night.killApi();
    await Promise.all(posts);
    expect(first.size).toBeLessThan(POSTS);
    await night.replaceApi();
    const askAgain = async (one: (typeof bodies)[number]): Promise<void> => {
      const what = 'the bulk to be acknowledged';
      const id = await eventually(async () => acceptedId(await post(one)), { what });
      expect(first.get(one.key) ?? id).toBe(id);
      night.acknowledged(id);
    };
    await Promise.all(bodies.map(askAgain));
    const [stored] = await night.sql(
      `SELECT count(*)::int AS bulks, sum(transfer_count)::int AS lines FROM bulk_requests`,
    );
    expect(stored).toEqual({ bulks: POSTS, lines: 3 * POSTS });
    await night.untilEnded();
    await night.assertInvariants();
  });

  it('Redis flushed in the middle of a bulk', async () => {
    const bulkId = await submitAndPay(3_000);
    await night.redis.wipe();
    await endWell(bulkId, PROMISED_MS.redisWiped);
  });

  it('Redis restarted without its data in the middle of a bulk', async () => {
    const bulkId = await submitAndPay(3_000);
    await night.redis.restartEmpty();
    await endWell(bulkId, PROMISED_MS.redisWiped);
  });

  it('Redis away for 20 s in the middle of a bulk; what is posted meanwhile is accepted', async () => {
    const bulkId = await submitAndPay(3_000);
    const away = night.redis.away(20_000);
    await night.submit(payroll(10));
    await away;
    await endWell(bulkId, PROMISED_MS.redisBack);
  });

  it('PostgreSQL crashing in the middle of a bulk', async () => {
    const bulkId = await submitAndPay(3_000);
    await night.postgres.restartImmediately();
    await endWell(bulkId, PROMISED_MS.postgresRestarted);
  });

  it('the line cut before and after the COMMIT of an accept', async () => {
    const proxy = await startPostgresProxy(night.postgres.url);
    const api = await night.startApi({ DATABASE_URL: proxy.url });
    for (const when of ['before', 'after', 'before', 'after'] as const) {
      const options = { organizationId: night.organizationId, key: randomUUID(), body: bulkOf(payroll(50)) };
      const post = (): Promise<Answer<BulkRequestDto>> => callApi(api, 'POST', '/bulk-requests', options);
      proxy.cutNextCommit(when, 'INSERT INTO bulk_requests');
      const first = await post();
      expect(proxy.hasCut).toBe(true);
      // The outcome is read back: what was committed is acknowledged, what was not may be asked for again.
      expect(first.status).toBe(when === 'after' ? 202 : 503);
      const again = await post();
      expect(again.status).toBe(202);
      if (when === 'after') expect(again.text).toBe(first.text);
      night.acknowledged(again.body.id);
    }
    await night.untilEnded();
    await night.assertInvariants();
    await api.stop();
    await proxy.close();
  });

  it('the line cut before and after the COMMIT of records', async () => {
    const proxy = await startPostgresProxy(night.postgres.url);
    const worker = await night.workers.start({ DATABASE_URL: proxy.url });
    const bulkId = await night.submit(payroll(6_000));
    for (let turn = 0; turn < 8; turn += 1) {
      proxy.cutNextCommit(night.random.pick(['before', 'after']), 'INSERT INTO ledger_entries');
      await eventually(() => proxy.hasCut, { what: 'a record to be cut off' });
    }
    expect(await night.settledLines(bulkId)).toBeLessThan(6_000);
    await night.untilEnded();
    await night.assertInvariants();
    await night.workers.retire(worker);
    await proxy.close();
  });
});

const acceptedId = (answer: Answer<BulkRequestDto> | null): string | undefined =>
  answer?.status === 202 ? answer.body.id : undefined;
