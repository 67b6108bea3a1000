import { randomBytes } from 'node:crypto';
import { resealAll } from '../../src/app/rotate-keys.js';
import { ResealCounterparties, TransfersQueries } from '../../src/modules/transfers/index.js';
import { PLATFORM, type Queryable, UnitOfWork } from '../../src/platform/database/index.js';
import { IdempotencyRepository, ResealAnswers } from '../../src/platform/idempotency/index.js';
import { germanIban } from '../factories/bulk-requests.js';
import { createPayer, type Payer } from '../factories/payer.js';
import { executeDue, finish, skipTime, statusesOf, transfersOf, UNHURRIED } from '../support/engine-steps.js';
import { ownerOf } from '../support/owner.js';
import { tablesWith } from '../support/plain-text.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const [OLD, NEW] = [`old:${randomBytes(32).toString('base64')}`, `new:${randomBytes(32).toString('hex')}`];
const NO_RANGE = { from: null, before: null, idFrom: null, idBefore: null };
const SEALS = 'counterparty_iban_sealed, counterparty_index';

describe('counterparty IBANs at rest', () => {
  let worker: TestWorker;
  let rotating: TestWorker;
  let database: Queryable;
  let payer: Payer;

  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, DATA_ENCRYPTION_KEYS: OLD }, { working: false });
    database = ownerOf(worker.app);
    payer = await createPayer(worker.app);
    const env = { ...UNHURRIED, DATA_ENCRYPTION_KEYS: `${NEW},${OLD}` };
    rotating = await startTestWorker(env, { working: false, databaseUrl: worker.databaseUrl });
  });
  // Whoever has both keys can pay what is open.
  afterAll(() =>
    finish({
      ...rotating,
      close: async () => {
        await rotating.close();
        await worker.close();
      },
    }),
  );

  const queries = (on = worker): TransfersQueries => on.app.get(TransfersQueries, { strict: false });
  const ibansOf = async (bulkId: string, on = worker): Promise<string[]> => {
    const filter = { organizationId: payer.organizationId, bulkId };
    const { data } = await queries(on).listOfBulk(filter, { limit: 100, showIbans: true });
    return data.map(({ counterparty }) => counterparty.iban);
  };
  const found = async (counterpartyIban: string, on = worker): Promise<string[]> => {
    const filter = { organizationId: payer.organizationId, counterpartyIban, created: NO_RANGE };
    const { data } = await queries(on).list(filter, { limit: 100, showIbans: true });
    expect(new Set(data.map(({ counterparty }) => counterparty.iban)).size).toBeLessThan(2);
    return data.map(({ id }) => id);
  };
  const idsOf = async (bulkId: string): Promise<string[]> =>
    (await transfersOf(worker.app, bulkId)).map(({ id }) => id);
  /** Gives a transfer what another one has sealed. */
  const copySeal = (from: string, to: string): Promise<number> =>
    database.execute(`UPDATE transfers SET (${SEALS}) = (SELECT ${SEALS} FROM transfers WHERE id = $1) WHERE id = $2`, [
      from,
      to,
    ]);
  interface Seal {
    sealed: Buffer;
    index: bigint;
  }
  const sealOf = async (id: string): Promise<Seal> => {
    const [row] = await database.query<Seal>(
      `SELECT counterparty_iban_sealed AS sealed, counterparty_index AS index FROM transfers WHERE id = $1`,
      [id],
    );
    if (!row) throw new Error(`There is no transfer ${id}.`);
    return row;
  };
  const putBack = (id: string, { sealed, index }: Seal): Promise<number> =>
    database.execute(`UPDATE transfers SET (${SEALS}) = ROW ($2::bytea, $3::bigint) WHERE id = $1`, [
      id,
      sealed,
      index,
    ]);

  it('are nowhere in the database, and read as they were sent', async () => {
    const bulkId = await payer.submit(5);
    const expected = Array.from({ length: 5 }, (_, line) => germanIban(line));
    expect(await ibansOf(bulkId)).toEqual(expected);
    await executeDue(worker.app);
    expect(await statusesOf(worker.app, bulkId)).toEqual({ settled: 5 });
    for (const iban of expected) expect(await tablesWith(database, iban)).toEqual([]);
    // The search sees more than the text of one column.
    expect(await tablesWith(database, 'Employee 3')).toContain('transfers');
  });

  it('are refused in the row of another, of the same or another organization', async () => {
    const [first = '', second = ''] = await idsOf(await payer.submit(2));
    const other = await createPayer(worker.app);
    const [foreign = ''] = await idsOf(await other.submit(1));
    const own = await sealOf(second);
    for (const from of [first, foreign]) {
      await copySeal(from, second);
      await expect(queries().get(payer.organizationId, second, true)).rejects.toMatchObject({
        code: 'sealed_value_refused',
      });
      await expect(queries().get(payer.organizationId, second, false)).rejects.toMatchObject({
        code: 'sealed_value_refused',
      });
    }
    await putBack(second, own);
    await expect(queries().get(payer.organizationId, second, true)).resolves.toMatchObject({
      counterparty: { iban: germanIban(1) },
    });
  });

  it('that do not open are not paid to, and keep nobody else waiting', async () => {
    const bulkId = await payer.submit(3);
    const [first = '', second = ''] = await idsOf(bulkId);
    const own = await sealOf(second);
    await copySeal(first, second);
    await executeDue(worker.app);
    expect((await transfersOf(worker.app, bulkId)).map(({ status, attempts }) => [status, attempts])).toEqual([
      ['settled', 1],
      ['pending', 0],
      ['settled', 1],
    ]);
    await putBack(second, own);
    await skipTime(worker.app);
    await executeDue(worker.app);
    expect(await statusesOf(worker.app, bulkId)).toEqual({ settled: 3 });
  });

  it('are sealed or plain in a row, never both, never neither', async () => {
    const [id] = await idsOf(await payer.submit(1));
    const set = (change: string) => database.execute(`UPDATE transfers SET ${change} WHERE id = $1`, [id]);
    const refused = { message: expect.stringContaining('transfers_counterparty_sealed_or_plain') };
    await expect(set(`counterparty_iban = 'DE'`)).rejects.toMatchObject(refused);
    await expect(set(`counterparty_iban_sealed = NULL, counterparty_index = NULL`)).rejects.toMatchObject(refused);
    await expect(set(`counterparty_index = NULL`)).rejects.toMatchObject(refused);
  });

  describe('when a key replaces another', () => {
    const counterparties = () => rotating.app.get(ResealCounterparties, { strict: false });
    const keyIds = (): Promise<{ id: string | null; plain: boolean }[]> =>
      database.query(
        `SELECT DISTINCT encode(substring(counterparty_iban_sealed FROM 2 FOR 4), 'hex') AS id,
                counterparty_iban IS NOT NULL AS plain FROM transfers`,
      );

    it('are found and read all the time, and in the end are under the new key', async () => {
      const bulkId = await payer.submit(520);
      const [plainId, sought = ''] = await idsOf(bulkId);
      // As rows are from before IBANs were sealed.
      await database.execute(
        `UPDATE transfers SET counterparty_iban = $2, counterparty_iban_sealed = NULL, counterparty_index = NULL
          WHERE id = $1`,
        [plainId, germanIban(0)],
      );
      expect(await found(germanIban(0))).toContain(plainId);
      const before = await ibansOf(bulkId);

      let isDone = false;
      const rotation = resealAll(counterparties(), 1).finally(() => (isDone = true));
      do {
        expect(await found(germanIban(1), rotating)).toContain(sought);
        expect(await ibansOf(bulkId, rotating)).toEqual(before);
      } while (!isDone);
      await expect(rotation).resolves.toBe(0);

      expect(await keyIds()).toEqual([{ id: expect.stringMatching(/^[0-9a-f]{8}$/), plain: false }]);
      expect(await found(germanIban(0), rotating)).toContain(plainId);
      const env = { ...UNHURRIED, DATA_ENCRYPTION_KEYS: NEW };
      const after = await startTestWorker(env, { working: false, databaseUrl: worker.databaseUrl });
      try {
        expect(await ibansOf(bulkId, after)).toEqual(before);
        expect(await found(germanIban(1), after)).toContain(sought);
      } finally {
        await after.close();
      }
      await expect(queries().get(payer.organizationId, sought, true)).rejects.toMatchObject({
        code: 'encryption_key_unknown',
      });
    });

    it('leave out what is locked, and are not done before that, too, is sealed anew', async () => {
      const [locked, free] = await idsOf(await payer.submit(2));
      await worker.app.get(UnitOfWork).run(PLATFORM, async (tx) => {
        await tx.query(`SELECT FROM transfers WHERE id = $1 FOR UPDATE`, [locked]);
        await expect(counterparties().resealNext(null)).resolves.toEqual({ next: null, resealed: 1, unreadable: 0 });
        await expect(counterparties().countOld()).resolves.toBe(1);
      });
      await expect(resealAll(counterparties(), 1)).resolves.toBe(0);
      expect(await keyIds()).toHaveLength(1);
      await expect(queries(rotating).get(payer.organizationId, free ?? '', true)).resolves.toMatchObject({
        counterparty: { iban: germanIban(1) },
      });
    });

    it('say how many do not open, and leave them as they are', async () => {
      const [first = '', second = ''] = await idsOf(await payer.submit(2));
      const own = await sealOf(second);
      await copySeal(first, second);
      await expect(resealAll(counterparties(), 1)).resolves.toBe(1);
      await putBack(second, own);
      await expect(resealAll(counterparties(), 1)).resolves.toBe(0);
    });

    it('take the answers of idempotency keys along', async () => {
      const slot = (key: string) => ({ organizationId: payer.organizationId, operation: 'test', key });
      const answer = { status: 202, body: '{"iban":"DE89"}', location: null, resourceId: null };
      const [repository, renewed] = [worker, rotating].map(({ app }) => app.get(IdempotencyRepository));
      const keys = Array.from({ length: 201 }, (_, index) => `key ${index}`);
      await worker.app.get(UnitOfWork).run(PLATFORM, async (tx) => {
        for (const key of keys) {
          await repository?.claim(tx, slot(key), Buffer.alloc(32), 1);
          await repository?.store(tx, slot(key), answer);
        }
      });
      await database.execute(`UPDATE idempotency_keys SET body = $1, body_sealed = NULL WHERE key = 'key 7'`, [
        answer.body,
      ]);
      await expect(resealAll(rotating.app.get(ResealAnswers), 1)).resolves.toBe(0);
      for (const key of ['key 0', 'key 7', 'key 200']) {
        await expect(renewed?.find(database, slot(key))).resolves.toMatchObject({ body: answer.body });
        await expect(repository?.find(database, slot(key))).rejects.toMatchObject({ code: 'encryption_key_unknown' });
      }
      await database.execute(
        `UPDATE idempotency_keys SET body_sealed = (SELECT body_sealed FROM idempotency_keys WHERE key = 'key 1') WHERE key = 'key 2'`,
      );
      await expect(renewed?.find(database, slot('key 2'))).rejects.toMatchObject({ code: 'sealed_value_refused' });
    });
  });
});
