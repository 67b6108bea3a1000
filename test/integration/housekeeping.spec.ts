import { startWorking } from '../../src/app/start-working.js';
import { newId } from '../../src/domain/ids.js';
import { AuditLogRepository } from '../../src/modules/audit/persistence/audit-log.repository.js';
import {
  BulkRequestRepository,
  type BulkRequestRow,
} from '../../src/modules/bulk-requests/persistence/bulk-request.repository.js';
import { LimitsRepository } from '../../src/modules/policies/persistence/limits.repository.js';
import { PaidCounterpartyRepository } from '../../src/modules/transfers/persistence/paid-counterparty.repository.js';
import { Database, ofOrganization, PLATFORM, type Queryable, type Tx } from '../../src/platform/database/index.js';
import { setLimits } from '../factories/approvals.js';
import { createAccount, createApiKey, createOrganization } from '../factories/organizations.js';
import { eventually } from '../support/eventually.js';
import { ownerOf, tampererOf } from '../support/owner.js';
import { rowsRead } from '../support/rows-read.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('a database that has grown', () => {
  let worker: TestWorker;
  let database: Queryable;
  beforeAll(async () => {
    worker = await startTestWorker({}, { working: false });
    database = ownerOf(worker.app);
  });
  afterAll(() => worker.close());

  describe('by a long history of an organization', () => {
    const ROWS = 3_000;
    /** As many as one page, and then some. */
    const FEW = 30;
    let organizationId: string;
    let accountId: string;
    const read = (table: string, ask: (on: Tx) => Promise<unknown>, access = ofOrganization(organizationId)) =>
      rowsRead(worker.app, access, table, ask);

    beforeAll(async () => {
      ({ id: organizationId } = await createOrganization(worker.app));
      ({ id: accountId } = await createAccount(worker.app, { organizationId }));
      const tamperer = tampererOf(worker.app);
      const id = `(lpad(to_hex((extract(epoch FROM now() - interval '1 year') * 1000)::bigint + n), 12, '0') || '70008' || substr(md5(n::text), 1, 15))::uuid`;
      const past = `FROM generate_series(1, ${ROWS}) AS n`;
      await tamperer.execute(
        `INSERT INTO bulk_requests (id, organization_id, debtor_account_id, currency, status, on_failure, validation, priority, rail,
           metadata, total_minor, transfer_count, pending_count, created_at)
         SELECT ${id}, $1, $2, 'EUR', 'completed', 'continue', 'partial', 'normal', 'sandbox', '{"kind": "payroll"}', 1, 1, 0,
                now() - interval '1 year' ${past}`,
        [organizationId, accountId],
      );
      await tamperer.execute(
        `INSERT INTO transfers (id, organization_id, bulk_id, chunk_id, debtor_account_id, line, amount_minor, currency, rail, status,
           counterparty_name, counterparty_iban_sealed, counterparty_index)
         SELECT ${id}, $1, ${id}, ${id}, $2, 0, 1, 'EUR', 'sandbox', 'settled', 'Somebody', '', n ${past}`,
        [organizationId, accountId],
      );
      await tamperer.execute(
        `INSERT INTO audit_log (id, organization_id, chain, sequence, occurred_at, action, actor_kind, actor_id, resource_type,
           resource_id, previous_hash, hash)
         SELECT ${id}, $1, 'changes', 1000 + n, now(), 'bulk_request.submitted', 'key', 'somebody', 'bulk_request', '',
                sha256(''), sha256('') ${past}`,
        [organizationId],
      );
      await database.execute('ANALYZE bulk_requests, transfers, audit_log');
    });

    it.each(['awaiting_approval', 'failed'] as const)('lists bulks that are %s without reading it', async (status) => {
      const created = { from: null, before: null, idFrom: null, idBefore: null };
      const list = (on: Queryable) =>
        new BulkRequestRepository().list(on, { organizationId, status, created }, null, 20);
      await expect(read('bulk_requests', list)).resolves.toBeLessThan(FEW);
    });

    it.each([{ kind: 'bonus' }, {}])('finds no bulk before one of %j without reading it', async (metadata) => {
      const row = { id: newId(), organizationId, debtorAccountId: accountId, metadata } as unknown as BulkRequestRow;
      const find = (on: Queryable) => new BulkRequestRepository().findPrevious(on, row);
      await expect(read('bulk_requests', find)).resolves.toBeLessThan(FEW);
    });

    it('counts what was accepted today without reading it', async () => {
      await setLimits(worker.app, organizationId, { max_amount: '30.00' });
      const count = (tx: Tx) => new LimitsRepository().countToday(tx, organizationId);
      await expect(read('bulk_requests', count, PLATFORM)).resolves.toBeLessThan(FEW);
    });

    it.each([{ action: 'api_key.created' }, { actorId: 'nobody' }])(
      'lists entries by %j without reading it',
      async (by) => {
        const any = { action: null, actorId: null, resourceType: null, resourceId: null, chain: null, sequence: null };
        const list = (on: Queryable) =>
          new AuditLogRepository().list(
            on,
            organizationId,
            { ...any, from: null, before: null, ...by },
            { limit: 20, idFrom: null, beforeId: null },
          );
        await expect(read('audit_log', list)).resolves.toBeLessThan(FEW);
      },
    );

    it('counts new counterparties by one row for each', async () => {
      const asked = Array.from({ length: 100 }, (_, place) => [BigInt(place + ROWS - 50)]);
      const count = (on: Queryable) => new PaidCounterpartyRepository().countNew(on, organizationId, asked);
      await expect(read('transfers', count)).resolves.toBe(51);
      await expect(count(worker.app.get(Database).of(organizationId))).resolves.toBe(49);
    });
  });

  it('loses expired idempotency keys and nonces, and keeps the others', async () => {
    await database.execute(
      `INSERT INTO idempotency_keys (organization_id, operation, key, body_hash, expires_at)
       SELECT gen_random_uuid(), 'test', n::text, '', now() + CASE WHEN n <= 1500 THEN interval '-1 s' ELSE interval '1 h' END
         FROM generate_series(1, 1502) AS n`,
    );
    const { id: organizationId } = await createOrganization(worker.app);
    const { id: keyId } = await createApiKey(worker.app, { organizationId });
    await database.execute(
      `INSERT INTO request_nonces (organization_id, api_key_id, nonce, expires_at)
       SELECT $1, $2, n::text, now() + CASE WHEN n <= 5500 THEN interval '-1 s' ELSE interval '1 h' END
         FROM generate_series(1, 5502) AS n`,
      [organizationId, keyId],
    );
    startWorking(worker.app);
    const left = () => database.query<{ key: string }>(`SELECT key FROM idempotency_keys ORDER BY key`);
    await eventually(async () => (await left()).length === 2, { what: 'the expired keys to go' });
    expect((await left()).map((row) => row.key)).toEqual(['1501', '1502']);
    const nonces = () => database.query<{ nonce: string }>(`SELECT nonce FROM request_nonces ORDER BY nonce`);
    await eventually(async () => (await nonces()).length === 2, { what: 'the expired nonces to go' });
    expect((await nonces()).map((row) => row.nonce)).toEqual(['5501', '5502']);
  });
});
