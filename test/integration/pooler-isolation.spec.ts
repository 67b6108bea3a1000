import { Client } from 'pg';
import { ORGANIZATION, PLATFORM } from '../../migrations/row-security.js';
import { newId } from '../../src/domain/ids.js';
import { describeWithPooler, type Pooler, startPooler } from '../support/pooler.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** As the product's transactions are, on connections of our own, which all share one to PostgreSQL. */
describeWithPooler()('row level security through a pooler with one connection', () => {
  let database: TestDatabase;
  let pooler: Pooler;
  let clients: Client[];
  const organizations = [newId(), newId()];
  beforeAll(async () => {
    database = await createTestDatabase();
    pooler = await startPooler(database.url, 1);
    clients = organizations.map(() => new Client({ connectionString: pooler.url }));
    for (const client of clients) await client.connect();
    const platform = await begin(0, PLATFORM);
    for (const [index, id] of organizations.entries()) {
      await platform.query(
        `INSERT INTO organizations (id, name, slug) VALUES ('${id}', 'Corp ${index}', 'corp-${index}')`,
      );
    }
    await platform.query('COMMIT');
  });
  afterAll(async () => {
    await Promise.all(clients.map((client) => client.end()));
    await pooler.stop();
    await database.drop();
  });

  const begin = async (index: number, role = ORGANIZATION): Promise<Client> => {
    const client = clients[index] as Client;
    await client.query('BEGIN');
    await client.query(`SET LOCAL ROLE ${role}`);
    return client;
  };
  /** One transaction of the organization; the rows of its statement. */
  const as = async (index: number, statement: string): Promise<unknown[]> => {
    const client = await begin(index);
    await client.query(`SELECT set_config('tranche.organization_id', $1, true)`, [organizations[index]]);
    const { rows } = await client.query<object>(statement);
    await client.query('COMMIT');
    return rows;
  };

  it('shows each organization its own rows, however they take turns', async () => {
    const turns = Array.from({ length: 10 }, async () =>
      Promise.all(organizations.map((_, index) => seenInTurn(index))),
    );
    for (const [first, second] of await Promise.all(turns)) {
      expect([first, second]).toEqual(organizations.map((id) => [{ id }]));
    }
  });

  it('shows nothing to whoever names nobody, on the connection that had somebody last', async () => {
    await expect(as(0, 'SELECT id FROM organizations')).resolves.toEqual([{ id: organizations[0] }]);
    const client = await begin(1);
    const { rows } = await client.query('SELECT id FROM organizations');
    await client.query('ROLLBACK');
    expect(rows).toEqual([]);
  });

  it('shows nothing after a transaction of another that failed', async () => {
    await expect(as(0, 'SELECT 1/0')).rejects.toThrow('division by zero');
    await clients[0]?.query('ROLLBACK');
    const client = await begin(1);
    const { rows } = await client.query('SELECT id FROM organizations');
    await client.query('ROLLBACK');
    expect(rows).toEqual([]);
  });

  it('takes lines of both organizations through the one temporary table', async () => {
    const intake = async (index: number): Promise<unknown[]> =>
      as(index, `CREATE TEMP TABLE IF NOT EXISTS taken (id int) ON COMMIT DELETE ROWS`).then(() =>
        as(index, `INSERT INTO taken VALUES (${index}) RETURNING (SELECT count(*) FROM taken)::int AS "before"`),
      );
    await expect(intake(0)).resolves.toEqual([{ before: 0 }]);
    await expect(intake(1)).resolves.toEqual([{ before: 0 }]);
  });

  const chains = organizations.map(() => Promise.resolve<unknown[]>([]));
  /** A connection does one transaction after the other; the two connections take turns. */
  function seenInTurn(index: number): Promise<unknown[]> {
    const next = (chains[index] as Promise<unknown[]>).then(() => as(index, 'SELECT id FROM organizations'));
    chains[index] = next;
    return next;
  }
});
