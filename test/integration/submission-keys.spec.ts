import { randomUUID } from 'node:crypto';
import { AccountsService } from '../../src/modules/accounts/index.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import type { DomainError } from '../../src/domain/errors.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { MAKER, creditTransfers, submit } from '../factories/bulk-requests.js';
import { createFundedAccount, createOrganization, moveBankMoney } from '../factories/organizations.js';
import { finish } from '../support/engine-steps.js';
import { refusalOf } from '../support/refusal.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

describe('a submission that comes again', () => {
  let worker: TestWorker;
  let database: Queryable;
  let organizationId: string;
  let accountId: string;
  beforeAll(async () => {
    worker = await startTestWorker({}, { working: false });
    database = ownerOf(worker.app);
  });
  afterAll(() => finish(worker));
  beforeEach(async () => {
    organizationId = (await createOrganization(worker.app)).id;
    accountId = (await createFundedAccount(worker.app, { organizationId, amount: '100.00' })).id;
  });

  const payroll = (values: Partial<Submission> = {}): Submission => ({
    debtor_account_id: accountId,
    credit_transfers: creditTransfers(3),
    ...values,
  });
  const send = (submission: Submission, key: string | null = null): Promise<Reply> =>
    submit(worker.app, organizationId, submission, key);
  const codeOf = async (work: Promise<unknown>): Promise<string> => (await refusalOf(work)).code;
  const bulkIds = async (): Promise<string[]> =>
    (
      await database.query<{ id: string }>(`SELECT id FROM bulk_requests WHERE organization_id = $1 ORDER BY id`, [
        organizationId,
      ])
    ).map(({ id }) => id);
  const expireKeys = () =>
    database.execute(`UPDATE idempotency_keys SET expires_at = now() WHERE organization_id = $1`, [organizationId]);
  const spendEverything = async (): Promise<void> => {
    await moveBankMoney(worker.app, { organizationId, accountId, amount: '97.00', direction: 'debit' });
  };

  describe('with a key', () => {
    it('twenty times at once is one bulk: everybody gets its answer or is told to wait', async () => {
      const answers = await Promise.allSettled(Array.from({ length: 20 }, () => send(payroll(), 'k1')));
      const replies = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
      const refusals = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as unknown] : []));
      const [bulkId, ...others] = await bulkIds();
      expect(others).toEqual([]);
      expect(new Set(replies.map(({ status, json }) => `${status} ${json}`))).toEqual(
        new Set([`202 ${JSON.stringify({ id: bulkId })}`]),
      );
      expect(replies.filter((reply) => !reply.replayed)).toHaveLength(1);
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ code: 'idempotency_in_progress', details: { retryAfterSeconds: 1 } });
      }
    });

    it('gets the same answer again, byte for byte, and moves nothing', async () => {
      const first = await send(payroll(), 'k1');
      const again = await send(payroll(), 'k1');
      expect([again.status, again.json, again.replayed]).toEqual([202, first.json, true]);
      await expect(bulkIds()).resolves.toHaveLength(1);
    });

    it('is the same whatever the order of its fields', async () => {
      const first = await send(payroll({ metadata: { a: '1', b: '2' } }), 'k1');
      const { debtor_account_id, credit_transfers } = payroll();
      const again = await send({ metadata: { b: '2', a: '1' }, credit_transfers, debtor_account_id }, 'k1');
      expect(again.json).toBe(first.json);
    });

    it('is refused with another body', async () => {
      await send(payroll(), 'k1');
      await expect(codeOf(send(payroll({ metadata: { a: 'b' } }), 'k1'))).resolves.toBe('idempotency_key_reused');
      await expect(bulkIds()).resolves.toHaveLength(1);
    });

    it('is remembered neither when it was malformed nor when it broke a rule', async () => {
      await expect(codeOf(send(payroll({ rail: 'http' }), 'k1'))).resolves.toBe('rail_not_configured');
      const badLine = creditTransfers(1).map((line) => ({ ...line, amount: '0.00' }));
      await expect(codeOf(send(payroll({ credit_transfers: badLine }), 'k1'))).resolves.toBe('validation_failed');
      await expect(send(payroll(), 'k1')).resolves.toMatchObject({ status: 202, replayed: false });
    });

    it('means something else in another organization, and for another operation', async () => {
      await send(payroll(), 'k1');
      const other = await createOrganization(worker.app);
      const account = await createFundedAccount(worker.app, { organizationId: other.id });
      const theirs = { debtor_account_id: account.id, credit_transfers: creditTransfers(3) };
      await expect(submit(worker.app, other.id, theirs, 'k1')).resolves.toMatchObject({ replayed: false });
      const single = { debtor_account_id: accountId, credit_transfers: creditTransfers(1) };
      const command = { organizationId, operation: 'transfers.create' as const, idempotencyKey: 'k1', body: single };
      const service = worker.app.get(BulkRequestsService, { strict: false });
      const reply = await service.submit({ ...command, submission: single, submitter: MAKER }, () => Reply.of(202, {}));
      expect(reply.replayed).toBe(false);
    });

    it('is free again when it has expired', async () => {
      await send(payroll(), 'k1');
      await expireKeys();
      await expect(send(payroll({ metadata: { month: '2' } }), 'k1')).resolves.toMatchObject({ replayed: false });
      await expect(bulkIds()).resolves.toHaveLength(2);
    });
  });

  describe('with a request_id', () => {
    const requestId = randomUUID();

    it('gets the same answer again', async () => {
      const first = await send(payroll({ request_id: requestId }));
      await expect(send(payroll({ request_id: requestId }))).resolves.toMatchObject({
        json: first.json,
        replayed: true,
      });
    });

    it('is refused with another body', async () => {
      await send(payroll({ request_id: requestId }));
      const other = payroll({ request_id: requestId, credit_transfers: creditTransfers(1) });
      await expect(codeOf(send(other))).resolves.toBe('idempotency_key_reused');
    });

    it('twenty times at once is one bulk', async () => {
      const sent = Array.from({ length: 20 }, () => send(payroll({ request_id: requestId })));
      const answers = await Promise.allSettled(sent);
      const codes = answers.map((answer) =>
        answer.status === 'fulfilled' ? answer.value.status : (answer.reason as DomainError).code,
      );
      expect(codes.filter((code) => code !== 202 && code !== 'idempotency_in_progress')).toEqual([]);
      await expect(bulkIds()).resolves.toHaveLength(1);
    });

    it('and a key has to match the first call in both', async () => {
      const first = await send(payroll({ request_id: requestId }), 'k1');
      const replay = { json: first.json, replayed: true };
      await expect(send(payroll({ request_id: requestId }), 'k1')).resolves.toMatchObject(replay);
      await expect(send(payroll({ request_id: requestId }))).resolves.toMatchObject(replay);
      const otherKey = send(payroll({ request_id: requestId }), 'k2');
      await expect(codeOf(otherKey)).resolves.toBe('idempotency_key_reused');
      const otherRequest = send(payroll({ request_id: randomUUID() }), 'k1');
      await expect(codeOf(otherRequest)).resolves.toBe('idempotency_key_reused');
      const keyAlone = send(payroll(), 'k1');
      await expect(codeOf(keyAlone)).resolves.toBe('idempotency_key_reused'); // the body is another one without it
      await expect(bulkIds()).resolves.toHaveLength(1);
    });

    it('of two earlier calls is refused: key and request_id belong to different bulks', async () => {
      await send(payroll({ request_id: requestId }));
      await send(payroll({ metadata: { month: '2' } }), 'k1');
      await expect(codeOf(send(payroll({ request_id: requestId }), 'k1'))).resolves.toBe('idempotency_key_reused');
    });

    describe('long after its answer was forgotten', () => {
      let existingId: string | undefined;
      beforeEach(async () => {
        await send(payroll({ request_id: requestId }));
        [existingId] = await bulkIds();
        await expireKeys();
      });

      it('is a duplicate of the bulk it made', async () => {
        expect(await refusalOf(send(payroll({ request_id: requestId })))).toMatchObject({
          kind: 'conflict',
          code: 'duplicate_bulk_request',
          details: { members: { existing_id: existingId } },
        });
        await expect(bulkIds()).resolves.toEqual([existingId]);
      });

      it('is a duplicate with another body, too', async () => {
        const other = payroll({ request_id: requestId, credit_transfers: creditTransfers(1) });
        await expect(codeOf(send(other))).resolves.toBe('duplicate_bulk_request');
      });

      it('is a duplicate when there is no money left: nobody is to believe it was never paid', async () => {
        await spendEverything();
        const again = payroll({ request_id: requestId, credit_transfers: creditTransfers(50) });
        await expect(codeOf(send(again))).resolves.toBe('duplicate_bulk_request');
      });

      it('is a duplicate when its account is no longer active', async () => {
        const accounts = worker.app.get(AccountsService, { strict: false });
        await accounts.changeStatus({ organizationId, accountId, status: 'frozen' });
        await expect(codeOf(send(payroll({ request_id: requestId })))).resolves.toBe('duplicate_bulk_request');
        await accounts.changeStatus({ organizationId, accountId, status: 'active' });
      });
    });
  });

  describe('without any key', () => {
    it('is a duplicate of the bulk it made', async () => {
      await send(payroll());
      const [existingId] = await bulkIds();
      expect(await refusalOf(send(payroll()))).toMatchObject({
        code: 'duplicate_bulk_request',
        details: { members: { existing_id: existingId } },
      });
    });

    it('twenty times at once is one bulk', async () => {
      const answers = await Promise.allSettled(Array.from({ length: 20 }, () => send(payroll())));
      const codes = answers.flatMap((one) => (one.status === 'rejected' ? [(one.reason as DomainError).code] : []));
      expect(codes).toHaveLength(19);
      expect(codes.filter((code) => code !== 'duplicate_bulk_request' && code !== 'idempotency_in_progress')).toEqual(
        [],
      );
      await expect(bulkIds()).resolves.toHaveLength(1);
    });

    it('is another one when anything about it is different', async () => {
      await send(payroll());
      await expect(send(payroll({ metadata: { month: '2' } }))).resolves.toMatchObject({ status: 202 });
    });

    it('is taken on again after a day', async () => {
      await send(payroll());
      const hours = `SELECT round(extract(epoch FROM expires_at - created_at) / 3600)::int AS hours
                       FROM idempotency_keys WHERE organization_id = $1`;
      await expect(database.query(hours, [organizationId])).resolves.toEqual([{ hours: 24 }]);
      await expireKeys();
      await expect(send(payroll())).resolves.toMatchObject({ status: 202, replayed: false });
      await expect(bulkIds()).resolves.toHaveLength(2);
    });

    it('remembers no refusal: once there is money, it is accepted', async () => {
      const big = payroll({ credit_transfers: creditTransfers(120) });
      await expect(codeOf(send(big))).resolves.toBe('insufficient_funds');
      await moveBankMoney(worker.app, { organizationId, accountId, amount: '100.00' });
      await expect(send(big)).resolves.toMatchObject({ status: 202 });
    });
  });
});
