import { startWorking } from '../../src/app/start-working.js';
import { newId } from '../../src/domain/ids.js';
import { AuditLogRepository } from '../../src/modules/audit/persistence/audit-log.repository.js';
import {
  BulkRequestRepository,
  type BulkRequestRow,
} from '../../src/modules/bulk-requests/persistence/bulk-request.repository.js';
import type { Full } from '../../src/modules/notifications/domain/slots.js';
import { NotificationRepository } from '../../src/modules/notifications/persistence/notification.repository.js';
import { OutgoingRepository } from '../../src/modules/notifications/persistence/outgoing.repository.js';
import { LimitsRepository } from '../../src/modules/policies/persistence/limits.repository.js';
import { PaidCounterpartyRepository } from '../../src/modules/transfers/persistence/paid-counterparty.repository.js';
import {
  type Access,
  Database,
  DISCOVERY,
  ofOrganization,
  PLATFORM,
  type Queryable,
  type Tx,
  UnitOfWork,
} from '../../src/platform/database/index.js';
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

  describe('by many notifications that were sent', () => {
    const repository = new NotificationRepository();
    const channelId = newId();
    let organizationId: string;
    beforeAll(async () => {
      ({ id: organizationId } = await createOrganization(worker.app));
      await database.execute(
        `INSERT INTO notifications (id, organization_id, channel_id, channel_kind, rule_id, event_id, event_type, sequence,
                                    event_count, severity, status, next_attempt_at, subject, body, created_at, sent_at)
         SELECT gen_random_uuid(), $1, $2, 'email', $2, 'evt', 'account.opened', n, 1, 'info', 'sent', now(), '', '',
                now() - n * interval '1 second', now() FROM generate_series(1, 3000) n`,
        [organizationId, channelId],
      );
      await database.execute('ANALYZE notifications');
    });
    const read = (ask: (on: Tx) => Promise<unknown>, access: Access = ofOrganization(organizationId)) =>
      rowsRead(worker.app, access, 'notifications', ask);

    it('finds those that failed, tests, and old ones without reading them', async () => {
      const page = { limit: 20, beforeId: null };
      const failed = (on: Tx) => repository.list(on, organizationId, { status: 'failed' }, page);
      await expect(read(failed)).resolves.toBe(0);
      await expect(read((on) => repository.secondsSinceTest(on, channelId))).resolves.toBe(0);
      await expect(read((on) => repository.purge(on, 1, 100), DISCOVERY)).resolves.toBe(0);
    });

    it('looks for what is due only where there is room', async () => {
      const [box, room] = [newId(), newId()];
      const insert = (channelKind: 'email' | 'slack', id: string) =>
        worker.app.get(UnitOfWork).run(ofOrganization(organizationId), (tx) => {
          const to = { organizationId, channelId: id, channelKind };
          return repository.insertTest(tx, { id: newId(), ...to, severity: 'info', subject: '', body: '' });
        });
      await insert('email', box);
      await insert('slack', room);
      const due = async (full: Partial<Full>): Promise<string[]> => {
        const discovery = worker.app.get(Database).as(DISCOVERY);
        const nothing = { kinds: [], channels: [], organizations: [] };
        const found = await new OutgoingRepository().listDue(discovery, { ...nothing, ...full }, 10);
        return found.map(({ channelId }) => channelId).sort();
      };
      await expect(due({})).resolves.toEqual([box, room].sort());
      await expect(due({ kinds: ['email'] })).resolves.toEqual([room]);
      await expect(due({ channels: [room] })).resolves.toEqual([box]);
      await expect(due({ organizations: [{ organizationId, channelKind: 'slack' }] })).resolves.toEqual([box]);
      await expect(due({ organizations: [{ organizationId: newId(), channelKind: 'slack' }] })).resolves.toHaveLength(
        2,
      );
    });

    it('deletes the oldest first', async () => {
      await database.execute(
        `UPDATE notifications SET created_at = created_at - interval '2 days' WHERE sequence > 2990`,
      );
      const discovery = worker.app.get(Database).as(DISCOVERY);
      await expect(repository.purge(discovery, 1, 4)).resolves.toBe(4);
      const left = await database.query<{ sequence: number }>(
        'SELECT sequence::int FROM notifications WHERE sequence > 2990 ORDER BY sequence',
      );
      expect(left.map(({ sequence }) => sequence)).toEqual([2991, 2992, 2993, 2994, 2995, 2996]);
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
