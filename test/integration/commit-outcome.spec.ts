import { randomUUID } from 'node:crypto';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import {
  CommitOutcomeUnknown,
  Database,
  PLATFORM,
  type Queryable,
  UnitOfWork,
} from '../../src/platform/database/index.js';
import { creditTransfers, submit } from '../factories/bulk-requests.js';
import { createFundedAccount, createOrganization } from '../factories/organizations.js';
import { finish } from '../support/engine-steps.js';
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.js';
import { refusalOf } from '../support/refusal.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

/** Said by the transaction that accepts or refuses, and by none that only reads. */
const ACCEPTING = 'INSERT INTO idempotency_keys';

describe('when the connection is lost during COMMIT', () => {
  let testDatabase: TestDatabase;
  let proxy: PostgresProxy;
  let worker: TestWorker;
  let database: Queryable;
  beforeAll(async () => {
    testDatabase = await createTestDatabase();
    proxy = await startPostgresProxy(testDatabase.url);
    worker = await startTestWorker({}, { working: false, databaseUrl: proxy.url });
    database = ownerOf(worker.app);
  });
  afterAll(async () => {
    try {
      await finish(worker);
    } finally {
      await proxy.close();
      await testDatabase.drop();
    }
  });

  describe('an accepted bulk', () => {
    let organizationId: string;
    let submission: Submission;
    beforeEach(async () => {
      organizationId = (await createOrganization(worker.app)).id;
      const account = await createFundedAccount(worker.app, { organizationId, amount: '10.00' });
      submission = { debtor_account_id: account.id, credit_transfers: creditTransfers(3) };
    });
    const bulkIds = async (): Promise<string[]> => {
      const rows = await database.query<{ id: string }>(`SELECT id FROM bulk_requests WHERE organization_id = $1`, [
        organizationId,
      ]);
      return rows.map(({ id }) => id);
    };

    it.each<[string, string | null, Partial<Submission>]>([
      ['a key', 'k1', {}],
      ['a request_id', null, { request_id: randomUUID() }],
      ['neither', null, {}],
    ])('is answered as accepted when it was committed, with %s', async (_, key, values) => {
      proxy.cutNextCommit('after', ACCEPTING);
      const reply = await submit(worker.app, organizationId, { ...submission, ...values }, key);
      const [bulkId, ...others] = await bulkIds();
      expect(others).toEqual([]);
      expect([reply.status, reply.json]).toEqual([202, JSON.stringify({ id: bulkId })]);
    });

    it.each([['a key', 'k1'] as const, ['none', null] as const])(
      'is not called accepted when it was not, and can be sent again, with %s',
      async (_, key) => {
        proxy.cutNextCommit('before', ACCEPTING);
        expect(await refusalOf(submit(worker.app, organizationId, submission, key))).toMatchObject({
          kind: 'unavailable',
          details: { retryAfterSeconds: 1 },
        });
        await expect(bulkIds()).resolves.toEqual([]);
        await expect(submit(worker.app, organizationId, submission, key)).resolves.toMatchObject({ status: 202 });
        await expect(bulkIds()).resolves.toHaveLength(1);
      },
    );

    it('that was refused for lack of money is answered as refused', async () => {
      proxy.cutNextCommit('after', ACCEPTING);
      const tooMuch = { ...submission, credit_transfers: creditTransfers(11) };
      await expect(submit(worker.app, organizationId, tooMuch, 'k1')).resolves.toMatchObject({ status: 422 });
    });
  });

  describe('a transaction', () => {
    const unitOfWork = (): UnitOfWork => worker.app.get(UnitOfWork);
    const announce = (slug: string, announced: string[]) =>
      unitOfWork().run(PLATFORM, async (tx) => {
        await tx.execute(`INSERT INTO organizations (id, name, slug) VALUES ($1, 'X', $2)`, [randomUUID(), slug]);
        tx.afterCommit(() => announced.push(slug));
      });

    it.each(['before', 'after'] as const)('neither succeeds nor fails (%s)', async (when) => {
      const announced: string[] = [];
      proxy.cutNextCommit(when);
      await expect(announce(`cut-${when}`, announced)).rejects.toThrow(CommitOutcomeUnknown);
      expect(announced).toEqual([]);
      const found = await database.query(`SELECT 1 FROM organizations WHERE slug = $1`, [`cut-${when}`]);
      expect(found).toHaveLength(when === 'after' ? 1 : 0);
    });

    it('is not run again: what may have happened would happen twice', async () => {
      let runs = 0;
      proxy.cutNextCommit('before');
      const work = unitOfWork().run(PLATFORM, async (tx) => {
        runs++;
        await tx.execute(`SELECT 1`);
      });
      await expect(work).rejects.toThrow(CommitOutcomeUnknown);
      expect(runs).toBe(1);
    });

    it('whose backend is shut down while it commits has an unknown outcome, too', async () => {
      await database.execute(`
        CREATE FUNCTION shut_down() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$
        BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`);
      await database.execute(`
        CREATE CONSTRAINT TRIGGER shut_down AFTER INSERT ON organizations DEFERRABLE INITIALLY DEFERRED
          FOR EACH ROW WHEN (NEW.slug = 'shut-down') EXECUTE FUNCTION shut_down()`);
      await expect(announce('shut-down', [])).rejects.toThrow(CommitOutcomeUnknown);
      await database.execute(`DROP TRIGGER shut_down ON organizations`);
    });

    it('leaves no broken connection behind', async () => {
      const { total, idle, waiting } = worker.app.get(Database).poolState();
      expect({ busy: total - idle, waiting }).toEqual({ busy: 0, waiting: 0 });
      const asked = Array.from({ length: total + 2 }, () =>
        worker.app.get(Database).as(PLATFORM).query<{ one: number }>(`SELECT 1 AS one`),
      );
      for (const rows of await Promise.all(asked)) expect(rows).toEqual([{ one: 1 }]);
    });
  });
});
