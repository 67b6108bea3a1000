import type { INestApplicationContext } from '@nestjs/common';
import fc from 'fast-check';
import { newId } from '../../src/domain/ids.js';
import { type Account, AccountsModule, AccountsQueries, AccountsService } from '../../src/modules/accounts/index.js';
import {
  areKept,
  LedgerModule,
  LedgerQueries,
  LedgerService,
  type NewLedgerEntry,
} from '../../src/modules/ledger/index.js';
import { LedgerRepository } from '../../src/modules/ledger/persistence/ledger.repository.js';
import { OrganizationsModule } from '../../src/modules/organizations/index.js';
import { PLATFORM, type Queryable, type Tx, UnitOfWork } from '../../src/platform/database/index.js';
import { toQueryConfig } from '../../src/platform/database/queryable.js';
import { createAccount, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { startFeatures, type TestFeatures } from '../support/test-features.js';
import { ownerOf } from '../support/owner.js';

describe('the ledger', () => {
  let features: TestFeatures;
  let app: INestApplicationContext;
  let database: Queryable;
  let ledger: LedgerService;
  let queries: LedgerQueries;
  let accounts: AccountsService;
  let organizationId: string;
  let account: Account;
  let clearingId: string;

  beforeAll(async () => {
    features = await startFeatures([OrganizationsModule, AccountsModule, LedgerModule]);
    ({ app } = features);
    database = ownerOf(app);
    ledger = app.get(LedgerService);
    queries = app.get(LedgerQueries);
    accounts = app.get(AccountsService);
  });
  beforeEach(async () => {
    ({ id: organizationId } = await createOrganization(app));
    account = await createFundedAccount(app, { organizationId, amount: '1000.00' });
    clearingId = await run((tx) =>
      accounts.getSystemAccount(tx, { organizationId, kind: 'clearing', rail: 'sandbox', currency: 'EUR' }),
    );
  });
  afterEach(async () => {
    const invariants = await queries.invariants(database);
    expect(invariants).toMatchObject({ posted: [], reserved: [] });
    expect(areKept(invariants)).toBe(true);
  });
  afterAll(() => features.close());

  const run = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app.get(UnitOfWork).run(PLATFORM, work);
  const post = (...entries: NewLedgerEntry[]): Promise<void> =>
    run((tx) => ledger.post(tx, { organizationId, entries }));
  const settlement = (amountMinor: bigint, more: Partial<NewLedgerEntry> = {}): NewLedgerEntry => ({
    kind: 'settlement',
    debitAccountId: account.id,
    creditAccountId: clearingId,
    amountMinor,
    currency: 'EUR',
    transferId: newId(),
    ...more,
  });
  const balanceOf = async ({ id }: Account): Promise<{ posted: bigint; reserved: bigint }> => {
    const { postedMinor, reservedMinor } = await app.get(AccountsQueries).get(organizationId, id);
    return { posted: postedMinor, reserved: reservedMinor };
  };
  const BROKEN = { code: 'invariant_violated' };

  describe('entries', () => {
    beforeEach(() => post(settlement(1n)));

    it.each([
      ['UPDATE', 'UPDATE ledger_entries SET amount_minor = amount_minor + 1'],
      ['DELETE', 'DELETE FROM ledger_entries'],
      ['TRUNCATE', 'TRUNCATE ledger_entries'],
    ])('are never changed: %s is refused', async (operation, sql) => {
      await expect(database.execute(sql)).rejects.toThrow(`ledger entries are immutable: ${operation} refused`);
    });

    it('never cross currencies, on neither side', async () => {
      const yen = await createAccount(app, { organizationId, currency: 'JPY' });
      await expect(post(settlement(1n, { creditAccountId: yen.id }))).rejects.toMatchObject(BROKEN);
      await expect(post(settlement(1n, { debitAccountId: yen.id }))).rejects.toMatchObject(BROKEN);
      await expect(post(settlement(1n, { currency: 'JPY' }))).rejects.toMatchObject(BROKEN);
    });

    it.each([
      ['nothing', { amountMinor: 0n }],
      ['less than nothing', { amountMinor: -1n }],
    ])('never move %s', async (_, more) => {
      await expect(post(settlement(1n, more))).rejects.toMatchObject(BROKEN);
    });

    it('never have the same account on both sides', async () => {
      await expect(post(settlement(1n, { creditAccountId: account.id }))).rejects.toMatchObject(BROKEN);
    });

    it('settle a transfer once, and let it come back once', async () => {
      const transferId = newId();
      const back = { kind: 'return' as const, debitAccountId: clearingId, creditAccountId: account.id };
      await post(settlement(5n, { transferId }));
      await expect(post(settlement(5n, { transferId }))).rejects.toMatchObject(BROKEN);
      await post(settlement(5n, { transferId, ...back }));
      await expect(post(settlement(5n, { transferId, ...back }))).rejects.toMatchObject(BROKEN);
      await expect(balanceOf(account)).resolves.toMatchObject({ posted: 99_999n });
    });
  });

  describe('a posting', () => {
    it('books hundreds of entries and ends the reservation behind them, all or nothing', async () => {
      const reserved = { accountId: account.id, amountMinor: 50_000n };
      const hold = { organizationId, accountId: account.id, currency: 'EUR', purpose: 'test', referenceId: newId() };
      await run(async (tx) => {
        await accounts.reserve(tx, reserved);
        await accounts.openHold(tx, { ...hold, amountMinor: 50_000n });
      });
      const entries = Array.from({ length: 500 }, () => settlement(90n));
      const release = { accountId: account.id, reservedMinor: -50_000n };
      const record = (reservedMinor: bigint): Promise<void> =>
        run(async (tx) => {
          await accounts.applyHoldOutcome(tx, { ...hold, capturedMinor: 45_000n, releasedMinor: 5_000n });
          await ledger.post(tx, { organizationId, entries, reservedChanges: [{ ...release, reservedMinor }] });
        });
      await expect(record(-50_001n)).rejects.toMatchObject(BROKEN);
      await expect(balanceOf(account)).resolves.toEqual({ posted: 100_000n, reserved: 50_000n });
      await record(-50_000n);
      await expect(balanceOf(account)).resolves.toEqual({ posted: 55_000n, reserved: 0n });
    });

    it('of nothing is nothing', async () => {
      await expect(post()).resolves.toBeUndefined();
      await expect(balanceOf(account)).resolves.toEqual({ posted: 100_000n, reserved: 0n });
    });

    it('books what has happened on a frozen account too', async () => {
      await accounts.changeStatus({ organizationId, accountId: account.id, status: 'frozen' });
      await post(settlement(100n));
      await expect(balanceOf(account)).resolves.toMatchObject({ posted: 99_900n });
    });

    it('keeps the entry ids it is given and traces what it is told', async () => {
      const entry = settlement(7n, { id: newId(), reference: 'a "quoted", {odd} \\ reference' });
      await post(entry);
      await expect(queries.listEntries(organizationId, account.id, { limit: 1 })).resolves.toMatchObject({
        data: [{ id: entry.id, transferId: entry.transferId, reference: entry.reference }],
      });
    });

    it('in any number and order leaves the books balanced', async () => {
      const yen = await createFundedAccount(app, { organizationId, currency: 'JPY', amount: '1000000' });
      const yenClearing = await run((tx) =>
        accounts.getSystemAccount(tx, { organizationId, kind: 'clearing', rail: 'sandbox', currency: 'JPY' }),
      );
      const sides = [
        { ours: account.id, theirs: clearingId, currency: 'EUR' },
        { ours: yen.id, theirs: yenClearing, currency: 'JPY' },
      ];
      const movement = fc.record({
        side: fc.constantFrom(...sides),
        kind: fc.constantFrom('settlement' as const, 'return' as const, 'suspense' as const),
        amountMinor: fc.bigInt({ min: 1n, max: 10n ** 6n }),
        outward: fc.boolean(),
      });
      const postings = fc.array(fc.array(movement, { maxLength: 20 }), { minLength: 1, maxLength: 4 });
      await fc.assert(
        fc.asyncProperty(postings, async (given) => {
          // At the same time, as workers do. One that would overdraw an account is refused whole.
          const outcomes = await Promise.allSettled(
            given.map((movements) =>
              post(
                ...movements.map(({ side, kind, amountMinor, outward }) => ({
                  kind,
                  amountMinor,
                  currency: side.currency,
                  debitAccountId: outward ? side.ours : side.theirs,
                  creditAccountId: outward ? side.theirs : side.ours,
                })),
              ),
            ),
          );
          for (const outcome of outcomes)
            if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject(BROKEN);
          expect(areKept(await queries.invariants(database))).toBe(true);
        }),
        { numRuns: 25 },
      );
    });
  });

  describe('the entries of an account', () => {
    it('are seen from its side, newest first, page by page, each once', async () => {
      const back = { kind: 'return' as const, debitAccountId: clearingId, creditAccountId: account.id };
      for (let i = 1n; i <= 6n; i++) await post(i % 2n === 0n ? settlement(i) : settlement(i, back));
      const seen: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await queries.listEntries(organizationId, account.id, { limit: 3, cursor });
        seen.push(...page.data.map((entry) => `${entry.direction} ${entry.kind} ${entry.amountMinor}`));
        expect(page.data.every((entry) => entry.currency === 'EUR')).toBe(true);
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
      expect(seen).toEqual([
        'debit settlement 6',
        'credit return 5',
        'debit settlement 4',
        'credit return 3',
        'debit settlement 2',
        'credit return 1',
        'credit bank_credit 100000',
      ]);
    });

    it('are read no further than the page needs, however many there are', async () => {
      for (let i = 0; i < 4; i++) await post(...Array.from({ length: 500 }, () => settlement(1n)));
      const plans: string[] = [];
      const explaining: Queryable = {
        query: async (statement, parameters = []) => {
          const { text } = toQueryConfig(statement, parameters);
          const plan = await database.query<{ 'QUERY PLAN': string }>(`EXPLAIN ANALYZE ${text}`, parameters);
          plans.push(...plan.map((row) => row['QUERY PLAN']));
          return [];
        },
        execute: () => Promise.reject(new Error('a list writes nothing')),
      };
      await app.get(LedgerRepository).listOfAccount(explaining, account.id, 3, null);
      const rowsRead = plans.flatMap((line) => /actual .*rows=([0-9]+)/.exec(line)?.[1] ?? []).map(Number);
      expect(rowsRead.length).toBeGreaterThan(2);
      expect(Math.max(...rowsRead)).toBeLessThanOrEqual(3);
    });
  });

  describe('a balance', () => {
    it('of now comes from the account, one of the past from the entries', async () => {
      const [then] = await database.query<{ at: Date }>(`SELECT date_trunc('milliseconds', now()) + '1 ms' AS at`);
      const at = then?.at ?? new Date();
      await database.query(`SELECT pg_sleep_until($1)`, [at]);
      await post(settlement(300n), settlement(50n));
      await expect(queries.getBalance(organizationId, account.id, null)).resolves.toMatchObject({
        postedMinor: 99_650n,
        reservedMinor: 0n,
      });
      await expect(queries.getBalance(organizationId, account.id, at)).resolves.toEqual({
        accountId: account.id,
        currency: 'EUR',
        at,
        postedMinor: 100_000n,
        reservedMinor: null,
      });
      await expect(queries.getBalance(organizationId, account.id, new Date(0))).resolves.toMatchObject({
        postedMinor: 0n,
      });
    });

    it('of the future is not known', async () => {
      const at = new Date('2999-01-01T00:00:00.000Z');
      await expect(queries.getBalance(organizationId, account.id, at)).rejects.toMatchObject({
        code: 'validation_failed',
        details: { errors: [{ pointer: '/query/at', code: 'in_the_future' }] },
      });
    });
  });

  describe('its invariants', () => {
    const broken = async (sql: string, parameters: unknown[]): Promise<unknown> => {
      const rollback = new Error('undo');
      let found: unknown;
      const breaking = run(async (tx) => {
        await tx.execute(sql, parameters);
        found = await queries.invariants(tx);
        throw rollback;
      });
      await expect(breaking).rejects.toBe(rollback);
      return found;
    };

    it('name an account whose posted balance is not its entries', async () => {
      const found = await broken('UPDATE accounts SET posted_minor = posted_minor + 1 WHERE id = $1', [account.id]);
      expect(found).toMatchObject({
        sums: expect.arrayContaining([{ currency: 'EUR', postedMinor: 1n }]),
        posted: [{ accountId: account.id, postedMinor: 100_001n, entriesMinor: 100_000n }],
        reserved: [],
      });
    });

    it('name an account whose reserved balance is not its holds', async () => {
      const found = await broken('UPDATE accounts SET reserved_minor = reserved_minor + 1 WHERE id = $1', [account.id]);
      expect(found).toMatchObject({
        posted: [],
        reserved: [{ accountId: account.id, reservedMinor: 1n, heldMinor: 0n }],
      });
    });
  });
});
