import { newId } from '../../src/domain/ids.js';
import { ofOrganization, type Queryable, UnitOfWork } from '../../src/platform/database/index.js';
import { createFundedAccount } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { finish, workOff } from '../support/engine-steps.js';
import { ownerOf } from '../support/owner.js';
import {
  APPEND_ONLY,
  CHANGING,
  forbiddenTo,
  grantedPrivileges,
  OF_NOBODY,
  PRIVILEGES,
  ROLES,
} from '../support/privileges.js';
import { RawSession } from '../support/raw-session.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('organizations', () => {
  let worker: TestWorker;
  let owner: Queryable;
  let session: RawSession;
  let ours: Payer;
  let theirs: Payer;
  let allTables: string[];
  let tables: string[];

  beforeAll(async () => {
    worker = await startTestWorker({}, { working: false });
    owner = ownerOf(worker.app);
    session = await RawSession.open(worker.databaseUrl);
    ours = await createPayer(worker.app);
    theirs = await createPayer(worker.app);
    for (const payer of [ours, theirs]) await payer.submit(3, (line) => (line === 0 ? 'sandbox:timeout' : 'Salary'));
    await workOff(worker.app);
    const found = await owner.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`,
    );
    allTables = found.map(({ name }) => name);
    tables = allTables.filter((name) => !OF_NOBODY.includes(name));
  });
  afterAll(async () => {
    await session.close();
    await finish(worker);
  });

  const as = (organizationId: string | null, statement: string, parameters?: unknown[]): Promise<number> =>
    session.run('tranche_organization', organizationId, statement, parameters);
  const PERMISSION_DENIED = { code: '42501' };

  it('are kept apart in every table that has rows of theirs, for the owner of the table, too', async () => {
    const secured = await owner.query<{ name: string }>(
      `SELECT relname AS name FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND relrowsecurity AND relforcerowsecurity
        ORDER BY relname`,
    );
    expect(secured.map(({ name }) => name)).toEqual(tables);
    expect(tables.length).toBeGreaterThan(15);
  });

  it('are kept apart by filters, which no plan mistakes for a way to find rows', async () => {
    const policies = await owner.query<{ table: string }>(
      `SELECT tablename AS "table" FROM pg_policies
        WHERE policyname = 'own_rows' AND qual ~ '^\\(organization_id = \\( SELECT acting_organization'`,
    );
    expect(policies).toEqual([]);
  });

  it('share a database in which every table is of one kind that is written down', () => {
    expect([...APPEND_ONLY, ...CHANGING, ...OF_NOBODY].sort()).toEqual(allTables);
  });

  it('and whoever acts for them have the privileges that are written down, and no others', async () => {
    await expect(grantedPrivileges(owner)).resolves.toEqual(PRIVILEGES);
  });

  it('are acted for by roles that own nothing, cannot log in and cannot pass by', async () => {
    const roles = await owner.query(
      `SELECT rolname AS name, rolcanlogin OR rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb AS "isMore",
              EXISTS (SELECT FROM pg_class c WHERE c.relowner = r.oid AND c.relpersistence <> 't')
                OR EXISTS (SELECT FROM pg_proc p WHERE p.proowner = r.oid) AS "ownsSomething",
              EXISTS (SELECT FROM pg_auth_members m WHERE m.member = r.oid) AS "isMember"
         FROM pg_roles r WHERE rolname LIKE 'tranche\\_%' ORDER BY 1`,
    );
    const nothing = { isMore: false, ownsSomething: false, isMember: false };
    expect(roles).toEqual([...ROLES].sort().map((name) => ({ name, ...nothing })));
  });

  it('have no rows for who names no organization, or one that is not there', async () => {
    for (const table of tables.filter((name) => name !== 'kill_switches')) {
      await expect(as(null, `SELECT 1 FROM ${table}`)).resolves.toBe(0);
      await expect(as(newId(), `SELECT 1 FROM ${table}`)).resolves.toBe(0);
    }
  });

  it('see their own rows, and in no table any of another', async () => {
    let seen = 0;
    for (const table of tables.filter((name) => !['organizations', 'kill_switches'].includes(name))) {
      const foreign = `SELECT 1 FROM ${table} WHERE organization_id IS DISTINCT FROM $1`;
      await expect(as(ours.organizationId, foreign, [ours.organizationId])).resolves.toBe(0);
      seen += await as(ours.organizationId, `SELECT 1 FROM ${table}`);
    }
    expect(seen).toBeGreaterThan(10);
    await expect(as(ours.organizationId, `SELECT 1 FROM organizations`)).resolves.toBe(1);
    await expect(as(ours.organizationId, `SELECT 1 FROM transfers`)).resolves.toBe(3);
  });

  it('change nothing of another, whatever the statement forgets', async () => {
    const { organizationId } = ours;
    await expect(as(organizationId, `UPDATE transfers SET description = 'mine'`)).resolves.toBe(3);
    const theirLines = await owner.query(
      `SELECT 1 FROM transfers WHERE organization_id = $1 AND description = 'mine'`,
      [theirs.organizationId],
    );
    expect(theirLines).toEqual([]);
    await expect(
      as(organizationId, `UPDATE transfers SET organization_id = $1`, [theirs.organizationId]),
    ).rejects.toMatchObject(PERMISSION_DENIED);
    await expect(
      as(organizationId, `INSERT INTO outbox (id, organization_id, job, payload) VALUES ($1, $2, 'x', '{}')`, [
        newId(),
        theirs.organizationId,
      ]),
    ).rejects.toMatchObject(PERMISSION_DENIED);
  });

  it('make no keys, and loosen nothing that their payments are held against', async () => {
    for (const statement of [
      `INSERT INTO api_keys (id, organization_id, public_id, secret_hash, name, scopes, lineage_id)
       VALUES (gen_random_uuid(), $1, 'made', '', 'Made', '{operator}', gen_random_uuid())`,
      `UPDATE api_keys SET scopes = '{admin}'`,
      `UPDATE organizations SET slug = 'theirs'`,
      `UPDATE payment_policies SET approval = NULL`,
      `INSERT INTO payment_policies (organization_id, duplicate_policy, version) VALUES ($1, 'warn', 1)`,
      `DELETE FROM payment_limits WHERE organization_id = $1`,
      `UPDATE payment_limits SET max_minor = NULL`,
      `DELETE FROM limit_usage`,
      `UPDATE approval_requests SET payload_hash = repeat('0', 64)`,
      `UPDATE approval_requests SET required = 1`,
    ]) {
      const parameters = statement.includes('$1') ? [ours.organizationId] : [];
      await expect(as(ours.organizationId, statement, parameters)).rejects.toMatchObject(PERMISSION_DENIED);
    }
  });

  it('cannot turn it off, or become somebody else who could', async () => {
    const { organizationId } = ours;
    await expect(as(organizationId, `ALTER TABLE transfers DISABLE ROW LEVEL SECURITY`)).rejects.toMatchObject(
      PERMISSION_DENIED,
    );
    await expect(as(organizationId, `SELECT set_config('row_security', 'off', true), 1 FROM transfers`)).resolves.toBe(
      3,
    );
    await expect(as(organizationId, `CREATE TABLE public.loot (a int)`)).rejects.toMatchObject(PERMISSION_DENIED);
  });

  it('carry nothing over to whoever gets their connection next', async () => {
    await expect(as(ours.organizationId, `SELECT 1 FROM transfers`)).resolves.toBe(3);
    await expect(as(null, `SELECT 1 FROM transfers`)).resolves.toBe(0);
    const unitOfWork = worker.app.get(UnitOfWork);
    const counts = await Promise.all(
      Array.from({ length: 40 }, (_, i) =>
        unitOfWork.run(ofOrganization((i % 2 === 0 ? ours : theirs).organizationId), (tx) =>
          tx.query(`SELECT DISTINCT organization_id FROM transfers`),
        ),
      ),
    );
    expect(counts).toEqual(counts.map((_, i) => [{ organization_id: (i % 2 === 0 ? ours : theirs).organizationId }]));
  });

  it('are not shown a temporary table in place of their own', async () => {
    const found = await worker.app.get(UnitOfWork).run(ofOrganization(ours.organizationId), async (tx) => {
      await tx.execute(`CREATE TEMP TABLE transfers (id int) ON COMMIT DROP`);
      return tx.query(`SELECT 1 FROM transfers`);
    });
    expect(found).toHaveLength(3);
  });

  describe('and whoever finds their work', () => {
    const discover = (statement: string): Promise<number> => session.run('tranche_discovery', null, statement);

    it('sees whose chunks there are, and of payments neither amounts nor people', async () => {
      await expect(discover(`SELECT id, organization_id FROM chunks`)).resolves.toBeGreaterThan(1);
      await expect(discover(`SELECT id, organization_id, bulk_id, chunk_id, rail FROM transfers`)).resolves.toBe(6);
      for (const column of ['amount_minor', 'counterparty_name', 'description', '*']) {
        await expect(discover(`SELECT ${column} FROM transfers`)).rejects.toMatchObject(PERMISSION_DENIED);
      }
      for (const table of ['ledger_entries', 'holds', 'api_keys', 'organizations', 'bank_transactions']) {
        await expect(discover(`SELECT 1 FROM ${table}`)).rejects.toMatchObject(PERMISSION_DENIED);
      }
    });

    it('sees of accounts those that the platform verified, and no balance', async () => {
      await expect(discover(`SELECT iban FROM accounts`)).resolves.toBe(0);
      await expect(discover(`SELECT posted_minor FROM accounts`)).rejects.toMatchObject(PERMISSION_DENIED);
    });

    it('moves no money', async () => {
      for (const statement of [
        `UPDATE transfers SET rail = 'http'`,
        `UPDATE accounts SET status = 'closed'`,
        `UPDATE bulk_requests SET status = 'processing'`,
      ]) {
        await expect(discover(statement)).rejects.toMatchObject(PERMISSION_DENIED);
      }
    });
  });

  describe('and the books', () => {
    it.each(ROLES)('are not rewritten by %s, and nothing else that it was not granted to', async (role) => {
      const statements = forbiddenTo(role);
      for (const table of APPEND_ONLY) {
        const rewriting = statements.filter((statement) => statement.split(/ FROM | /).includes(table));
        expect(rewriting.map((statement) => statement.split(' ')[0])).toEqual(['UPDATE', 'DELETE', 'TRUNCATE']);
      }
      for (const statement of statements) {
        await expect(session.run(role, ours.organizationId, statement)).rejects.toMatchObject(PERMISSION_DENIED);
      }
    });

    it.each(['tranche_organization', 'tranche_platform'])('stay balanced, whatever %s does', async (role) => {
      const { organizationId } = ours;
      const { id } = await createFundedAccount(worker.app, { organizationId });
      const [other] = await owner.query<{ id: string }>(
        `SELECT id FROM accounts WHERE organization_id = $1 AND kind = 'bank'`,
        [organizationId],
      );
      const UNBALANCED = { code: '23000', constraint: 'accounts_are_balanced' };
      const entry = `INSERT INTO ledger_entries (id, organization_id, debit_account_id, credit_account_id, amount_minor, currency, kind)
                     VALUES ($1, $2, $3, $4, 1, 'EUR', 'correction')`;
      for (const [statement, parameters] of [
        [`UPDATE accounts SET posted_minor = posted_minor + 1 WHERE id = $1`, [id]],
        [`UPDATE accounts SET reserved_minor = reserved_minor + 1 WHERE id = $1`, [id]],
        [`UPDATE holds SET amount_minor = amount_minor + 1`, []],
        [entry, [newId(), organizationId, id, other?.id]],
      ] as const) {
        await expect(session.run(role, organizationId, statement, [...parameters])).rejects.toMatchObject(UNBALANCED);
      }
    });

    it('know an account that is there from one in a temporary table', async () => {
      const [there, notThere] = [newId(), newId()];
      const entry = `
        CREATE TEMP TABLE accounts ON COMMIT DROP AS SELECT id::uuid, 'EUR' AS currency FROM unnest('{${there},${notThere}}'::text[]) AS id;
        INSERT INTO ledger_entries (id, organization_id, debit_account_id, credit_account_id, amount_minor, currency, kind)
        VALUES ('${newId()}', '${ours.organizationId}', '${there}', '${notThere}', 1, 'EUR', 'correction')`;
      await expect(as(ours.organizationId, entry)).rejects.toMatchObject({ constraint: 'ledger_entries_accounts' });
    });

    it.each(ROLES)('are not proven by what %s notes with a trigger of its own', async (role) => {
      for (const notes of ['note_entries', 'note_holds', 'note_balances', 'prove_balances']) {
        const trick = `
          CREATE TEMP TABLE entered (credit_account_id uuid, debit_account_id uuid, amount_minor bigint) ON COMMIT DROP;
          CREATE TRIGGER tricks AFTER INSERT ON entered REFERENCING NEW TABLE AS entered
            FOR EACH STATEMENT EXECUTE FUNCTION ${notes}()`;
        await expect(session.run(role, ours.organizationId, trick)).rejects.toThrow(
          `permission denied for function ${notes}`,
        );
      }
    });

    it('may be put right by a change that matches no entry, when an account was wrong', async () => {
      const { organizationId } = ours;
      const { id } = await createFundedAccount(worker.app, { organizationId });
      await owner.execute(
        `DO $$ BEGIN SET LOCAL session_replication_role = replica;
                     UPDATE accounts SET posted_minor = posted_minor + 1 WHERE id = '${id}'; END $$`,
      );
      const correct = `UPDATE accounts SET posted_minor = posted_minor - 1 WHERE id = $1`;
      await expect(as(organizationId, correct, [id])).resolves.toBe(1);
    });
  });
});
