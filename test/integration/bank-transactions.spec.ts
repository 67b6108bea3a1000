import type { INestApplicationContext } from '@nestjs/common';
import { newId } from '../../src/domain/ids.js';
import { type Account, AccountsModule, AccountsQueries, AccountsService } from '../../src/modules/accounts/index.js';
import { areKept, LedgerModule, LedgerQueries } from '../../src/modules/ledger/index.js';
import { OrganizationsModule } from '../../src/modules/organizations/index.js';
import { PLATFORM, type Queryable, type Tx, UnitOfWork } from '../../src/platform/database/index.js';
import { createAccount, createFundedAccount, createOrganization, moveBankMoney } from '../factories/organizations.js';
import { startFeatures, type TestFeatures } from '../support/test-features.js';
import { ownerOf } from '../support/owner.js';

describe('a bank transaction', () => {
  let features: TestFeatures;
  let app: INestApplicationContext;
  let database: Queryable;
  let queries: LedgerQueries;
  let accounts: AccountsService;
  let organizationId: string;
  let account: Account;

  beforeAll(async () => {
    features = await startFeatures([OrganizationsModule, AccountsModule, LedgerModule]);
    ({ app } = features);
    database = ownerOf(app);
    queries = app.get(LedgerQueries);
    accounts = app.get(AccountsService);
  });
  beforeEach(async () => {
    ({ id: organizationId } = await createOrganization(app));
    account = await createFundedAccount(app, { organizationId, amount: '1000.00' });
  });
  afterEach(async () => {
    const invariants = await queries.invariants(database);
    expect(invariants).toMatchObject({ posted: [], reserved: [] });
    expect(areKept(invariants)).toBe(true);
  });
  afterAll(() => features.close());

  const run = <T>(work: (tx: Tx) => Promise<T>): Promise<T> => app.get(UnitOfWork).run(PLATFORM, work);
  const balanceOf = async ({ id }: Account): Promise<{ posted: bigint; reserved: bigint }> => {
    const { postedMinor, reservedMinor } = await app.get(AccountsQueries).get(organizationId, id);
    return { posted: postedMinor, reserved: reservedMinor };
  };

  const move = (more: Partial<Parameters<typeof moveBankMoney>[1]>) =>
    moveBankMoney(app, { organizationId, accountId: account.id, amount: '100.00', ...more });

  it("moves money between the account and the bank's own", async () => {
    const credit = await move({});
    expect(credit).toMatchObject({ status: 'success', amountMinor: 10_000n, failureReason: null });
    await move({ direction: 'debit', amount: 50.5 });
    await expect(balanceOf(account)).resolves.toEqual({ posted: 104_950n, reserved: 0n });
    await expect(queries.listEntries(organizationId, account.id, { limit: 2 })).resolves.toMatchObject({
      data: [{ kind: 'bank_debit' }, { kind: 'bank_credit', reference: credit.id }],
    });
  });

  it('without the funds is recorded as failed and moves nothing', async () => {
    const failed = await move({ direction: 'debit', amount: '1000.01' });
    expect(failed).toMatchObject({ status: 'fail', failureReason: 'Insufficient funds' });
    await expect(queries.getBankTransaction(organizationId, failed.id)).resolves.toEqual(failed);
    await expect(balanceOf(account)).resolves.toEqual({ posted: 100_000n, reserved: 0n });
  });

  it('cannot take what is reserved', async () => {
    const reserved = { accountId: account.id, amountMinor: 100_000n };
    const hold = { organizationId, accountId: account.id, currency: 'EUR', purpose: 'test', referenceId: newId() };
    await run(async (tx) => {
      await accounts.reserve(tx, reserved);
      await accounts.openHold(tx, { ...hold, amountMinor: 100_000n });
    });
    await expect(move({ direction: 'debit', amount: '0.01' })).resolves.toMatchObject({ status: 'fail' });
  });

  it('never takes the same money twice', async () => {
    const debits = await Promise.all(Array.from({ length: 8 }, () => move({ direction: 'debit', amount: '300.00' })));
    expect(debits.filter(({ status }) => status === 'success')).toHaveLength(3);
    await expect(balanceOf(account)).resolves.toMatchObject({ posted: 10_000n });
  });

  it.each(['credit', 'debit'] as const)('is refused as a %s of an account that is not active', async (direction) => {
    await accounts.changeStatus({ organizationId, accountId: account.id, status: 'frozen' });
    await expect(move({ direction })).rejects.toMatchObject({ code: 'account_not_active' });
    const closed = await createAccount(app, { organizationId });
    await accounts.changeStatus({ organizationId, accountId: closed.id, status: 'closed' });
    await expect(move({ direction, accountId: closed.id })).rejects.toMatchObject({ code: 'account_not_active' });
  });

  it('reaches no account of another organization and no system account', async () => {
    const other = await createOrganization(app);
    await expect(move({ organizationId: other.id })).rejects.toMatchObject({ code: 'not_found' });
    const bankId = await run((tx) => accounts.getSystemAccount(tx, { organizationId, kind: 'bank', currency: 'EUR' }));
    await expect(move({ accountId: bankId })).rejects.toMatchObject({ code: 'not_found' });
  });
});
