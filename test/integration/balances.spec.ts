import type { INestApplicationContext } from '@nestjs/common';
import { Client } from 'pg';
import { newId } from '../../src/domain/ids.js';
import {
  type Account,
  AccountsModule,
  AccountsQueries,
  AccountsService,
  type SystemAccount,
} from '../../src/modules/accounts/index.js';
import { LedgerModule } from '../../src/modules/ledger/index.js';
import { OrganizationsModule } from '../../src/modules/organizations/index.js';
import { PLATFORM, type Queryable, type Tx, UnitOfWork } from '../../src/platform/database/index.js';
import { createAccount, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { startFeatures, type TestFeatures } from '../support/test-features.js';
import { ownerOf, tampererOf } from '../support/owner.js';

describe('balances and holds', () => {
  let features: TestFeatures;
  let app: INestApplicationContext;
  let database: Queryable;
  let service: AccountsService;
  let queries: AccountsQueries;
  let organizationId: string;

  beforeAll(async () => {
    features = await startFeatures([OrganizationsModule, AccountsModule, LedgerModule]);
    ({ app } = features);
    database = ownerOf(app);
    service = app.get(AccountsService);
    queries = app.get(AccountsQueries);
  });
  beforeEach(async () => {
    ({ id: organizationId } = await createOrganization(app));
  });
  afterAll(() => features.close());

  const run = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app.get(UnitOfWork).run(PLATFORM, work);
  const reload = (account: Account): Promise<Account> => queries.get(account.organizationId, account.id);

  describe('a reservation', () => {
    const reserve = (accountId: string, amountMinor: bigint): Promise<boolean> =>
      run(async (tx) => {
        const isGranted = await service.reserve(tx, { accountId, amountMinor });
        const hold = { organizationId, accountId, currency: 'EUR', purpose: 'test', referenceId: newId(), amountMinor };
        if (isGranted) await service.openHold(tx, hold);
        return isGranted;
      });

    it('takes what is available, to the last minor unit, and no more', async () => {
      const { id } = await createFundedAccount(app, { organizationId, amount: '10.00' });
      await expect(reserve(id, 1001n)).resolves.toBe(false);
      await expect(reserve(id, 1000n)).resolves.toBe(true);
      await expect(reserve(id, 1n)).resolves.toBe(false);
    });

    it('never wins twice for one balance', async () => {
      const account = await createFundedAccount(app, { organizationId, amount: '10.00' });
      const won = await Promise.all(Array.from({ length: 10 }, () => reserve(account.id, 600n)));
      expect(won.filter(Boolean)).toHaveLength(1);
      await expect(reload(account)).resolves.toMatchObject({ postedMinor: 1000n, reservedMinor: 600n });
    });

    it.each([
      ['active', true],
      ['frozen', false],
      ['closed', false],
    ] as const)('of an overdraft on an account that is %s: %p', async (status, isGranted) => {
      const { id } = await createAccount(app, { organizationId });
      await service.changeStatus({ organizationId, accountId: id, status });
      await database.execute(`UPDATE accounts SET overdraft_limit_minor = 500 WHERE id = $1`, [id]);
      await expect(reserve(id, 501n)).resolves.toBe(false);
      await expect(reserve(id, 500n)).resolves.toBe(isGranted);
    });

    it('of nothing is a bug', async () => {
      const { id } = await createFundedAccount(app, { organizationId });
      await expect(reserve(id, 0n)).rejects.toMatchObject({ code: 'invariant_violated' });
    });
  });

  describe('a hold', () => {
    const purpose = 'bulk_request';

    async function openHold(amountMinor: bigint): Promise<{ accountId: string; referenceId: string }> {
      const { id: accountId } = await createFundedAccount(app, { organizationId, amount: '10.00' });
      const referenceId = newId();
      const hold = { organizationId, accountId, currency: 'EUR', purpose, referenceId, amountMinor };
      await run(async (tx) => {
        expect(await service.reserve(tx, { accountId, amountMinor })).toBe(true);
        await service.openHold(tx, hold);
      });
      return { accountId, referenceId };
    }

    it('adds up what is captured and released', async () => {
      const { accountId, referenceId } = await openHold(1000n);
      for (const [capturedMinor, releasedMinor] of [
        [600n, 0n],
        [100n, 300n],
      ] as const) {
        await run(async (tx) => {
          await service.applyHoldOutcome(tx, { purpose, referenceId, capturedMinor, releasedMinor });
          const reservedMinor = -(capturedMinor + releasedMinor);
          await service.applyChanges(tx, [{ accountId, postedMinor: 0n, reservedMinor }]);
        });
      }
      await expect(service.getHold(database, purpose, referenceId)).resolves.toMatchObject({
        accountId,
        amountMinor: 1000n,
        capturedMinor: 700n,
        releasedMinor: 300n,
      });
    });

    it('never gives more than it holds', async () => {
      const { referenceId } = await openHold(1000n);
      const outcome = { purpose, referenceId, capturedMinor: 600n, releasedMinor: 401n };
      await expect(run((tx) => service.applyHoldOutcome(tx, outcome))).rejects.toMatchObject({
        code: 'invariant_violated',
      });
      await expect(service.getHold(database, purpose, referenceId)).resolves.toMatchObject({ capturedMinor: 0n });
    });

    it('is one per purpose and reference', async () => {
      const { accountId, referenceId } = await openHold(100n);
      const second = { organizationId, accountId, currency: 'EUR', purpose, referenceId, amountMinor: 1n };
      await expect(run((tx) => service.openHold(tx, second))).rejects.toMatchObject({ code: 'invariant_violated' });
    });

    it('is never of another currency than its account', async () => {
      const { id: accountId } = await createFundedAccount(app, { organizationId });
      const hold = { organizationId, accountId, currency: 'USD', purpose, referenceId: newId(), amountMinor: 1n };
      await expect(run((tx) => service.openHold(tx, hold))).rejects.toMatchObject({ code: 'invariant_violated' });
    });

    it('that does not exist can neither be had nor booked on', async () => {
      const broken = { code: 'invariant_violated' };
      const outcome = { purpose, referenceId: newId(), capturedMinor: 1n, releasedMinor: 0n };
      await expect(service.getHold(database, purpose, newId())).rejects.toMatchObject(broken);
      await expect(run((tx) => service.applyHoldOutcome(tx, outcome))).rejects.toMatchObject(broken);
    });
  });

  describe('a system account', () => {
    const clearing = (): SystemAccount => ({ organizationId, kind: 'clearing', rail: 'sandbox', currency: 'EUR' });

    it('is one per organization, kind, rail and currency', async () => {
      const wanted: SystemAccount[] = [
        clearing(),
        { ...clearing(), rail: 'book' },
        { ...clearing(), currency: 'USD' },
        { organizationId, kind: 'bank', currency: 'EUR' },
      ];
      const ask = (): Promise<string[]> =>
        run(async (tx) => {
          const ids: string[] = [];
          for (const account of wanted) ids.push(await service.getSystemAccount(tx, account));
          return ids;
        });
      const first = await ask();
      expect(new Set(first).size).toBe(wanted.length);
      await expect(ask()).resolves.toEqual(first);
    });

    it('is the same for all who ask for it first at the same time', async () => {
      const ids = await Promise.all(
        Array.from({ length: 10 }, () => run((tx) => service.getSystemAccount(tx, clearing()))),
      );
      expect(new Set(ids).size).toBe(1);
    });

    it('that exists is handed out while somebody else holds its row', async () => {
      const id = await run((tx) => service.getSystemAccount(tx, clearing()));
      await run(async (tx) => {
        await service.lockAccounts(tx, [id]);
        await expect(run((other) => service.getSystemAccount(other, clearing()))).resolves.toBe(id);
      });
    });

    it("is nobody's to look up", async () => {
      const id = await run((tx) => service.getSystemAccount(tx, clearing()));
      await expect(queries.get(organizationId, id)).rejects.toMatchObject({ code: 'not_found' });
      await expect(queries.findDebtor(database, { organizationId, accountId: id })).resolves.toBeNull();
      await expect(queries.list(organizationId, { limit: 10 })).resolves.toMatchObject({ data: [] });
    });
  });

  describe('changes of balances', () => {
    const change = (accountId: string, postedMinor: bigint, reservedMinor = 0n) => ({
      accountId,
      postedMinor,
      reservedMinor,
    });

    it('touch every account they name, or nothing', async () => {
      const account = await createAccount(app, { organizationId });
      const changes = [change(account.id, 5n), change(newId(), -5n)];
      await expect(run((tx) => service.applyChanges(tx, changes))).rejects.toMatchObject({
        code: 'invariant_violated',
      });
      await expect(reload(account)).resolves.toMatchObject({ postedMinor: 0n });
    });

    it.each([
      ['below its limit', -1n, 0n],
      ['to reservations below zero', 0n, -1n],
      ['to more reserved than there is', 0n, 1n],
    ])('never bring an account %s', async (_, postedMinor, reservedMinor) => {
      const { id } = await createAccount(app, { organizationId });
      await expect(
        run((tx) => service.applyChanges(tx, [change(id, postedMinor, reservedMinor)])),
      ).rejects.toMatchObject({ code: 'invariant_violated' });
    });

    it('in opposite directions do not deadlock: the rows are locked in one order', async () => {
      const [a, b] = [await createAccount(app, { organizationId }), await createAccount(app, { organizationId })];
      let attempts = 0;
      const transfers = Array.from({ length: 40 }, (_, i) =>
        run(async (tx) => {
          attempts += 1;
          const [from, to] = i % 2 === 0 ? [a, b] : [b, a];
          await service.applyChanges(tx, [change(from.id, 1n, 1n), change(to.id, 1n, 1n)]);
          // Nothing is booked along, so it must come to nothing in the end.
          await service.applyChanges(tx, [change(from.id, -1n, -1n), change(to.id, -1n, -1n)]);
        }),
      );
      await Promise.all(transfers);
      expect(attempts).toBe(transfers.length); // a deadlock would have been retried
    });
  });

  describe('the proof of balances', () => {
    const BLOCKS = `SELECT sum(pg_stat_get_xact_blocks_fetched(oid))::int AS blocks FROM pg_class WHERE relname ~ '^balance_(changes|proofs)'`;

    /** What transactions before ours noted and deleted, and somebody could still see. */
    async function leaveBehind(rows: number): Promise<void> {
      const tamperer = tampererOf(app);
      await tamperer.execute(
        `INSERT INTO balance_changes (account_id, posted_minor, reserved_minor)
         SELECT gen_random_uuid(), 0, 0 FROM generate_series(1, $1)`,
        [rows],
      );
      await tamperer.execute(`INSERT INTO balance_proofs_due SELECT 'balances' FROM generate_series(1, $1)`, [rows]);
      await tamperer.execute(`DELETE FROM balance_changes`);
      await tamperer.execute(`DELETE FROM balance_proofs_due`);
    }

    it('reads what its transaction changed, and not what others left while a snapshot is held open', async () => {
      const { id: accountId } = await createFundedAccount(app, { organizationId });
      const watcher = new Client({ connectionString: features.databaseUrl });
      await watcher.connect();
      await watcher.query('BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1');
      try {
        await leaveBehind(40_000);
        await run(async (tx) => {
          await service.applyChanges(tx, [{ accountId, postedMinor: 1n, reservedMinor: 1n }]);
          await service.applyChanges(tx, [{ accountId, postedMinor: -1n, reservedMinor: -1n }]);
          const [before] = await tx.query<{ blocks: number }>(BLOCKS);
          await tx.execute('SET CONSTRAINTS ALL IMMEDIATE');
          const [after] = await tx.query<{ blocks: number }>(BLOCKS);
          const read = (after?.blocks ?? NaN) - (before?.blocks ?? NaN);
          expect(read).toBeGreaterThan(0);
          expect(read).toBeLessThan(100);
        });
      } finally {
        await watcher.end();
      }
    });
  });

  describe('locked together', () => {
    it('are told as they are, overdraft limit included, and stay so', async () => {
      const account = await createFundedAccount(app, { organizationId, amount: '10.00' });
      await database.execute(`UPDATE accounts SET overdraft_limit_minor = 500 WHERE id = $1`, [account.id]);
      await run(async (tx) => {
        const locked = await service.lockAccounts(tx, [account.id, newId()]);
        expect([...locked.values()]).toEqual([
          { id: account.id, organizationId, currency: 'EUR', status: 'active', availableMinor: 1500n },
        ]);
        const impatient = database.query(`SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE NOWAIT`, [account.id]);
        await expect(impatient).rejects.toMatchObject({ code: '55P03' });
      });
    });
  });
});
