import { randomUUID } from 'node:crypto';
import type { BulkRequestDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import { eventually } from '../support/eventually.js';
import { addCompletions, addEveryJob, deleteCompletionLocks } from './lab/jobs.js';
import { type Night, startNight } from './lab/night.js';
import { resumeAll } from './lab/operator.js';
import { bulkOf, payroll } from './lab/payroll.js';

interface CancelAnswer {
  cancelled: number;
  in_flight: number;
}

describe('requests and jobs', () => {
  let night: Night;
  beforeAll(async () => {
    night = await startNight({ workers: 2 });
    await night.bank.faults({ latency_ms: { min: 50, max: 250 } });
  });
  afterAll(() => night.close());

  const statusOf = async (bulkId: string): Promise<string | undefined> =>
    (await night.sql<{ status: string }>(`SELECT status FROM bulk_requests WHERE id = $1`, [bulkId]))[0]?.status;
  const bulksOf = async (): Promise<number> => (await night.sql(`SELECT 1 FROM bulk_requests`)).length;
  const linesOf = async (bulkId: string, status: string): Promise<string[]> => {
    const rows = await night.sql<{ reference: string }>(
      `SELECT replace(id::text, '-', '') AS reference FROM transfers WHERE bulk_id = $1 AND status = $2`,
      [bulkId, status],
    );
    return rows.map(({ reference }) => reference);
  };

  it('every job added five times, again and again', async () => {
    const bulks = [await night.submit(payroll(1_000)), await night.submit(payroll(1_000))];
    for (const settled of [1, 300, 600, 900]) {
      await night.untilSettled(night.random.pick(bulks), settled);
      await addEveryJob(night, 5);
    }
    await night.untilEnded();
    for (const bulkId of bulks) expect(await statusOf(bulkId)).toBe('completed');
    expect((await night.bank.summary()).most_submissions).toBe(1);
    await night.assertInvariants();
  });

  it('ten finishers of each bulk, and the lock between them deleted all the time', async () => {
    const bulks = await Promise.all(Array.from({ length: 10 }, () => night.submit(payroll(40))));
    let isOver = false;
    const disturb = async (): Promise<void> => {
      while (!isOver) {
        await addCompletions(night, bulks, 10);
        for (let turn = 0; turn < 10; turn += 1) await deleteCompletionLocks(night);
      }
    };
    const disturbed = disturb();
    await night.untilEnded().finally(() => (isOver = true));
    await disturbed;
    for (const bulkId of bulks) expect(await statusOf(bulkId)).toBe('completed');
    const logged = night.workers.running.flatMap((worker) => worker.logs());
    const completions = logged.filter((line) => line['event'] === 'bulk_completed');
    const counts = bulks.map((id) => completions.filter((line) => line['bulk_request_id'] === id).length);
    expect(counts).toEqual(bulks.map(() => 1));
    await night.assertInvariants();
  });

  it('fifty posts with one key at the same time: one bulk, one answer', async () => {
    const options = { key: randomUUID(), body: bulkOf(payroll(100)) };
    const post = () => night.call<BulkRequestDto>('POST', '/bulk-requests', options);
    const before = await bulksOf();
    const answers = await Promise.all(Array.from({ length: 50 }, post));
    const accepted = answers.filter(({ status }) => status === 202);
    const refused = answers.filter(({ status }) => status !== 202);
    expect(accepted.length).toBeGreaterThan(0);
    for (const answer of refused) {
      expect(answer.status).toBe(409);
      expect(answer.headers.get('retry-after')).not.toBeNull();
    }
    const { text, body } = await post();
    expect(new Set(accepted.map((answer) => answer.text))).toEqual(new Set([text]));
    expect(await bulksOf()).toBe(before + 1);
    night.acknowledged(body.id);
    await night.untilEnded();
    await night.assertInvariants();
  });

  it('twenty bulks worth twice the balance at the same time: half of them are accepted', async () => {
    const account = { name: 'Small account', currency: 'EUR' };
    const { body: created } = await night.call<{ id: string }>('POST', '/accounts', { body: account });
    const bodies = Array.from({ length: 20 }, () => ({
      debtor_account_id: created.id,
      request_id: randomUUID(),
      credit_transfers: payroll(10),
    }));
    const cents = payroll(10).reduce((sum, line) => sum + Math.round(Number(line.amount) * 100), 0);
    const amount = ((cents * 10) / 100).toFixed(2);
    const funding = { dst_account_id: created.id, amount, direction: 'credit', reason: 'Funding' };
    await night.call('POST', '/bank-transactions', { body: funding });
    const answers = await Promise.all(
      bodies.map((body) => night.call<BulkRequestDto & { code?: string }>('POST', '/bulk-requests', { body })),
    );
    const codes = answers.map(({ status, body }) => (status === 202 ? 'accepted' : body.code));
    expect(codes.sort()).toEqual([...Array(10).fill('accepted'), ...Array(10).fill('insufficient_funds')]);
    for (const { status, body } of answers) if (status === 202) night.acknowledged(body.id);
    await night.untilEnded();
    const [left] = await night.sql(`SELECT posted_minor::int AS posted FROM accounts WHERE id = $1`, [created.id]);
    expect(left).toEqual({ posted: 0 });
    await night.assertInvariants();
  });

  it('cancelled while workers are busy: nothing is sent that the answer did not call in flight', async () => {
    for (let turn = 0; turn < 5; turn += 1) {
      const bulkId = await night.submit(payroll(2_000));
      await night.untilSettled(bulkId, night.random.integer(1, 600));
      const { status, body } = await night.call<CancelAnswer>('POST', `/bulk-requests/${bulkId}/cancel`, {});
      expect(status).toBe(200);
      await night.untilEnded();
      const cancelled = await linesOf(bulkId, 'cancelled');
      const paid = await linesOf(bulkId, 'settled');
      expect(cancelled.length).toBeGreaterThanOrEqual(body.cancelled);
      expect(paid.length).toBeGreaterThanOrEqual(2_000 - body.cancelled - body.in_flight);
      expect(cancelled.length + paid.length).toBe(2_000);
      const known = new Set((await night.bank.payments()).map((payment) => payment.reference));
      expect(cancelled.filter((reference) => known.has(reference))).toEqual([]);
      await night.assertInvariants();
    }
  });

  it('paused, resumed and cancelled at random two hundred times', async () => {
    const bulks = await Promise.all(Array.from({ length: 20 }, () => night.submit(payroll(150))));
    const actions = ['pause', 'resume', 'pause', 'resume', 'pause', 'resume', 'pause', 'resume', 'cancel'];
    const seen = new Set<string>();
    for (let done = 0; done < 200; done += 4) {
      const four = Array.from({ length: 4 }, () => [night.random.pick(bulks), night.random.pick(actions)] as const);
      await Promise.all(
        four.map(async ([bulkId, action]) => {
          const path = `/bulk-requests/${bulkId}/${action}`;
          const { status, body } = await night.call<{ code?: string }>('POST', path, {});
          expect([`${path} 200`, `${path} 409 invalid_state`]).toContain(
            status === 200 ? `${path} 200` : `${path} ${status} ${body.code}`,
          );
          seen.add(`${action} ${status}`);
        }),
      );
    }
    expect([...seen]).toEqual(expect.arrayContaining(['pause 200', 'resume 200', 'cancel 200']));
    await eventually(() => resumeAll(night), { what: 'nothing to be paused' });
    await night.untilEnded();
    await night.assertInvariants();
  });
});
