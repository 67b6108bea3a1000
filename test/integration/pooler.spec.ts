import { Client } from 'pg';
import { Database, PLATFORM, UnitOfWork } from '../../src/platform/database/index.js';
import { createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { bulk, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import { assertInvariants } from '../support/invariants.js';
import { describeWithPooler, type Pooler, startPooler } from '../support/pooler.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const STEERING = ['sandbox:reject:AC04', 'sandbox:retry:1', 'sandbox:timeout', 'sandbox:lost', 'sandbox:accept'];
const POOLER_CONNECTIONS = 2;

/** Whatever the connections are, these rules hold. */
function testOn(acmeOf: () => Acme): void {
  it('accepts, pays and completes a bulk of 300 lines', async () => {
    const acme = acmeOf();
    const before = await acme.balance();
    const { id } = await acme.submit(
      bulk({ credit_transfers: lines(300, (line) => ({ description: STEERING[line] ?? `Salary ${line}` })) }),
    );
    const ended = await acme.ended(id);
    expect(ended).toMatchObject({ status: 'partially_completed', counts: { settled: 299, failed: 1 } });
    const after = await acme.balance();
    expect(after.reserved).toBe('0.00');
    expect(Number(before.posted) - Number(after.posted)).toBe(299);
  });

  it('pays bulks of two organizations at once, and shows each its own', async () => {
    const acme = acmeOf();
    const { app, call } = acme.api;
    const { id: organizationId } = await createOrganization(app, { name: 'Other Corp' });
    const { id: accountId } = await createFundedAccount(app, { organizationId, amount: '1000.00' });
    const { secret: key } = await createApiKey(app, { organizationId });
    const submitOther = async (index: number): Promise<string> => {
      const body = { debtor_account_id: accountId, credit_transfers: lines(20), ...unlike(`theirs ${index}`) };
      const answer = await call('/bulk-requests', { method: 'POST', key, body });
      expect(answer.status).toBe(202);
      return (answer.body as { id: string }).id;
    };
    const numbers = [0, 1, 2, 3, 4, 5];
    const [ours, theirs] = await Promise.all([
      Promise.all(
        numbers.map((index) => acme.submit(bulk({ credit_transfers: lines(20), ...unlike(`ours ${index}`) }))),
      ),
      Promise.all(numbers.map(submitOther)),
    ]);
    await Promise.all(ours.map(({ id }) => acme.ended(id)));
    const idsSeenWith = async (path: string, options: { key: string }): Promise<unknown[]> => {
      const { status, body } = await call(path, options);
      expect(status).toBe(200);
      return (body.data as { id: unknown }[]).map(({ id }) => id);
    };
    // Asked together, so that the two organizations take turns on the same connections.
    const seen = await Promise.all(
      Array.from({ length: 10 }, (_, index) =>
        idsSeenWith('/bulk-requests?limit=100', { key: index % 2 === 0 ? key : acme.key }),
      ),
    );
    for (const [index, ids] of seen.entries()) {
      const [own, others] = index % 2 === 0 ? [theirs, ours.map(({ id }) => id)] : [ours.map(({ id }) => id), theirs];
      expect(ids).toEqual(expect.arrayContaining(own));
      expect(ids.filter((id) => others.includes(id as string))).toEqual([]);
    }
    const foreign = await Promise.all(theirs.map((id) => acme.call(`/bulk-requests/${id}`)));
    expect(foreign.map(({ status }) => status)).toEqual(theirs.map(() => 404));
    await eventually(
      async () => {
        const states = await Promise.all(theirs.map((id) => call(`/bulk-requests/${id}/status`, { key })));
        return states.every(({ body }) => body.status === 'completed');
      },
      { what: 'the bulks of the other organization to end' },
    );
  });

  it('answers everything that can be asked, at the same time', async () => {
    const acme = acmeOf();
    const { id } = await acme.submit(bulk(unlike('asked about')));
    await acme.ended(id);
    const [transfer] = (await acme.call(`/bulk-requests/${id}/transfers`)).body.data as { id: string }[];
    const paths = [
      ...['/accounts', `/accounts/${acme.accountId}/balance`, `/accounts/${acme.accountId}/entries`],
      ...['/bulk-requests', `/bulk-requests/${id}/proof`, `/bulk-requests/${id}/proof?line=0`, '/bank-transactions'],
      ...['/transfers', `/transfers/${transfer?.id ?? ''}`],
    ];
    const admin = ['/organizations', '/reconciliation/runs', '/reconciliation/breaks', '/kill-switches'];
    const key = acme.api.adminKey;
    const answers = await Promise.all([
      ...paths.map(async (path) => [path, (await acme.call(path)).status]),
      ...admin.map(async (path) => [path, (await acme.api.call(path, { key })).status]),
    ]);
    expect(answers).toEqual([...paths, ...admin].map((path) => [path, 200]));
  });

  it('steers a bulk: pauses, resumes, cancels and tries again what failed', async () => {
    const acme = acmeOf();
    const setKillSwitch = async (body: object): Promise<void> => {
      const headers = { 'x-organization-id': acme.organizationId };
      const options = { method: 'PUT' as const, key: acme.api.adminKey, body, headers };
      expect((await acme.api.call('/kill-switches/organization', options)).status).toBe(200);
    };
    await setKillSwitch({ engaged: true, reason: 'To be steered' });
    const { id } = await acme.submit(bulk(unlike('steered')));
    for (const action of ['pause', 'resume', 'cancel']) {
      expect([action, (await acme.post(`/bulk-requests/${id}/${action}`, {})).status]).toEqual([action, 200]);
    }
    expect(await acme.ended(id)).toMatchObject({ status: 'cancelled' });
    await setKillSwitch({ engaged: false });
    const failing = lines(2, () => ({ description: 'sandbox:reject:AC04' }));
    const { id: failed } = await acme.submit(bulk({ credit_transfers: failing }));
    await acme.ended(failed);
    const again = await acme.post(`/bulk-requests/${failed}/retry-failed`, {});
    expect(again.status).toBe(202);
    await acme.ended((again.body as { id: string }).id);
  });

  it('reconciles a statement', async () => {
    const { api } = acmeOf();
    const body = { rail: 'sandbox', from: '2026-01-01T00:00:00.000Z', to: new Date(Date.now()).toISOString() };
    const run = await api.call('/reconciliation/runs', { method: 'POST', key: api.adminKey, body });
    expect(run.status).toBe(202);
    const { id } = run.body as { id: string };
    await eventually(
      async () =>
        (await api.call(`/reconciliation/runs/${id}`, { key: api.adminKey })).body.status === 'completed' || undefined,
      { what: 'the reconciliation to end' },
    );
  });
}

const preparedIn = async (acme: Acme): Promise<number> => {
  const statements = await acme.api.app.get(Database).as(PLATFORM).query(`SELECT FROM pg_prepared_statements`);
  return statements.length;
};

/** One statement on a connection of our own. */
async function ask(url: string, statement: string): Promise<object[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<object>(statement)).rows;
  } finally {
    await client.end();
  }
}

const idleLimitIn = (acme: Acme): Promise<object[]> =>
  acme.api.app.get(UnitOfWork).run(PLATFORM, (tx) => tx.query(`SHOW idle_in_transaction_session_timeout`));

async function closeBalanced(acme: Acme): Promise<void> {
  try {
    await assertInvariants(acme.api.app.get(Database).as(PLATFORM));
  } finally {
    await acme.close();
  }
}

describeWithPooler()('through a pooler in transaction mode', () => {
  let database: TestDatabase;
  let pooler: Pooler;
  let acme: Acme;
  beforeAll(async () => {
    database = await createTestDatabase();
    pooler = await startPooler(database.url, POOLER_CONNECTIONS);
    const env = { DATABASE_URL: pooler.url, DATABASE_PREPARED_STATEMENTS: 'off' };
    acme = await startAcme(env, { workerEnv: env });
  });
  afterAll(async () => {
    await closeBalanced(acme);
    await pooler.stop();
    await database.drop();
  });

  testOn(() => acme);

  it('leaves nothing behind in a session that somebody else gets', async () => {
    await expect(idleLimitIn(acme)).resolves.toEqual([{ idle_in_transaction_session_timeout: '10s' }]);
    await expect(preparedIn(acme)).resolves.toBe(0);
    const left = await ask(
      pooler.url,
      `SELECT current_user = session_user AS "isOwnRole", current_setting('tranche.organization_id') AS organization,
              current_setting('idle_in_transaction_session_timeout') AS limit`,
    );
    expect(left).toEqual([{ isOwnRole: true, organization: '', limit: '0' }]);
    const sessions = await ask(
      database.url,
      `SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`,
    );
    expect(sessions.length).toBeGreaterThan(0);
    expect(sessions.length).toBeLessThanOrEqual(POOLER_CONNECTIONS);
  });
});

/** Whoever asks for a second connection while holding one, waits for ever. */
describe('with one connection for each process', () => {
  let acme: Acme;
  beforeAll(async () => {
    const env = { DATABASE_POOL_SIZE: '1', DATABASE_PREPARED_STATEMENTS: 'on' };
    acme = await startAcme(env, { workerEnv: env });
  });
  afterAll(() => closeBalanced(acme));

  testOn(() => acme);

  it('knows its statements by name', async () => {
    await expect(preparedIn(acme)).resolves.toBeGreaterThan(0);
  });
});
