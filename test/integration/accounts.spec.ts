import type { INestApplicationContext } from '@nestjs/common';
import { newId } from '../../src/domain/ids.js';
import { type Account, AccountsModule, AccountsQueries, AccountsService } from '../../src/modules/accounts/index.js';
import { LedgerModule } from '../../src/modules/ledger/index.js';
import { OrganizationsModule } from '../../src/modules/organizations/index.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { createAccount, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { startFeatures, type TestFeatures } from '../support/test-features.js';
import { ownerOf } from '../support/owner.js';

const IBAN = 'FR10474608000002006107XXXXX';

describe('accounts', () => {
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

  const reload = (account: Account): Promise<Account> => queries.get(account.organizationId, account.id);

  describe('their IBAN', () => {
    it('is kept in electronic form', async () => {
      const account = await createAccount(app, { organizationId, iban: 'fr10 4746 0800 0002 0061 07xx xxx' });
      expect(account.iban).toBe(IBAN);
    });

    it('is unique in an organization and free in the next', async () => {
      await createAccount(app, { organizationId, iban: IBAN });
      await expect(createAccount(app, { organizationId, iban: IBAN })).rejects.toMatchObject({ code: 'iban_taken' });
      const other = await createOrganization(app);
      await expect(createAccount(app, { organizationId: other.id, iban: IBAN })).resolves.toMatchObject({ iban: IBAN });
    });

    it('need not be given: any number of accounts go without', async () => {
      await createAccount(app, { organizationId });
      await expect(createAccount(app, { organizationId })).resolves.toMatchObject({ iban: null });
    });

    it('is verified for one account of the platform only', async () => {
      const iban = `XX${newId().replaceAll('-', '').toUpperCase().slice(0, 26)}`;
      const other = await createOrganization(app);
      const first = await createAccount(app, { organizationId, iban });
      const second = await createAccount(app, { organizationId: other.id, iban });
      const { verifiedAt } = await service.verify(organizationId, first.id);
      expect(verifiedAt).not.toBeNull();
      await expect(service.verify(organizationId, first.id)).resolves.toMatchObject({ verifiedAt });
      await expect(service.verify(other.id, second.id)).rejects.toMatchObject({ code: 'iban_taken' });
      await expect(reload(second)).resolves.toMatchObject({ verifiedAt: null });
    });

    it('is not verified where there is none, nor on a closed account', async () => {
      const account = await createAccount(app, { organizationId });
      await expect(service.verify(organizationId, account.id)).rejects.toMatchObject({ code: 'iban_missing' });
      await service.changeStatus({ organizationId, accountId: account.id, status: 'closed' });
      await expect(service.verify(organizationId, account.id)).rejects.toMatchObject({ code: 'invalid_state' });
    });
  });

  it('keep a name as one text, however its accents were typed', async () => {
    const decomposed = await createAccount(app, { organizationId, name: 'Société Générale'.normalize('NFD') });
    expect(decomposed.name).toBe('Société Générale'.normalize('NFC'));
  });

  describe('their status', () => {
    it('becomes closed only without money and reservations', async () => {
      const account = await createFundedAccount(app, { organizationId, amount: '10.00' });
      const close = { organizationId, accountId: account.id, status: 'closed' as const };
      await expect(service.changeStatus(close)).rejects.toMatchObject({ code: 'invalid_state' });
      const empty = await createAccount(app, { organizationId });
      await expect(service.changeStatus({ ...close, accountId: empty.id })).resolves.toMatchObject({
        status: 'closed',
      });
      await expect(service.changeStatus({ ...close, accountId: empty.id, status: 'active' })).rejects.toMatchObject({
        code: 'invalid_state',
        details: { members: { current_status: 'closed' } },
      });
    });

    it('stays as it is when it is asked for again', async () => {
      const account = await createAccount(app, { organizationId });
      const freeze = { organizationId, accountId: account.id, status: 'frozen' as const };
      await service.changeStatus(freeze);
      await expect(service.changeStatus(freeze)).resolves.toMatchObject({ status: 'frozen' });
    });

    it('is nothing another organization can change', async () => {
      const account = await createAccount(app, { organizationId });
      const other = await createOrganization(app);
      const freeze = { organizationId: other.id, accountId: account.id, status: 'frozen' as const };
      await expect(service.changeStatus(freeze)).rejects.toMatchObject({ code: 'not_found' });
      await expect(reload(account)).resolves.toMatchObject({ status: 'active' });
    });

    it('closed is refused by the database itself while there is money', async () => {
      const account = await createFundedAccount(app, { organizationId });
      const close = database.execute(`UPDATE accounts SET status = 'closed' WHERE id = $1`, [account.id]);
      await expect(close).rejects.toMatchObject({ code: '23514' });
    });
  });

  describe('a debtor', () => {
    it('is found by its IBAN and BIC within the organization only', async () => {
      const account = await createFundedAccount(app, { organizationId, iban: IBAN, bic: 'OIVUSCLQXXX' });
      const other = await createOrganization(app);
      const find = (bic: string, owner = organizationId) =>
        queries.findDebtor(database, { organizationId: owner, iban: IBAN, bic });
      const found = { id: account.id, organizationId, currency: 'EUR', status: 'active', availableMinor: 100_000n };
      await expect(find('OIVUSCLQXXX')).resolves.toMatchObject(found);
      await expect(find('OIVUSCLQ')).resolves.toMatchObject(found);
      await expect(find('OIVUSCLQ123')).resolves.toBeNull();
      await expect(find('OIVUSCLQXXX', other.id)).resolves.toBeNull();
    });

    it('without a BIC of its own is found with any', async () => {
      const account = await createAccount(app, { organizationId, iban: IBAN });
      await expect(
        queries.findDebtor(database, { organizationId, iban: IBAN, bic: 'DEUTDEFF' }),
      ).resolves.toMatchObject({ id: account.id });
    });

    it('is found by its id within the organization only, whatever its status', async () => {
      const account = await createAccount(app, { organizationId });
      await service.changeStatus({ organizationId, accountId: account.id, status: 'frozen' });
      await expect(queries.findDebtor(database, { organizationId, accountId: account.id })).resolves.toMatchObject({
        id: account.id,
        status: 'frozen',
      });
      const other = await createOrganization(app);
      await expect(
        queries.findDebtor(database, { organizationId: other.id, accountId: account.id }),
      ).resolves.toBeNull();
    });
  });

  describe('creditors found by IBAN', () => {
    const ibanOf = (n: number): string => `ZZ${organizationId.replaceAll('-', '').slice(0, 20).toUpperCase()}${n}`;

    it('are the own accounts and the verified ones of others, the own first', async () => {
      const other = await createOrganization(app);
      const own = await createAccount(app, { organizationId, iban: ibanOf(1) });
      await createAccount(app, { organizationId: other.id, iban: ibanOf(2) });
      const verified = await createAccount(app, { organizationId: other.id, iban: ibanOf(3), currency: 'JPY' });
      const twin = await createAccount(app, { organizationId: other.id, iban: ibanOf(1) });
      await service.verify(other.id, verified.id);
      await service.verify(other.id, twin.id);
      const asked = [ibanOf(1), ibanOf(2), ibanOf(3), ibanOf(4)];
      const found = await queries.findByIbans(organizationId, asked);
      expect(Object.fromEntries(found)).toEqual({
        [ibanOf(1)]: { id: own.id, organizationId, currency: 'EUR' },
        [ibanOf(3)]: { id: verified.id, organizationId: other.id, currency: 'JPY' },
      });
    });

    it('are looked up by the thousand in one statement', async () => {
      const account = await createAccount(app, { organizationId, iban: ibanOf(1) });
      const asked = Array.from({ length: 10_000 }, (_, n) => `${ibanOf(1)}${n}`);
      const found = await queries.findByIbans(organizationId, [...asked, ibanOf(1)]);
      expect([...found.values()].map(({ id }) => id)).toEqual([account.id]);
    });
  });
});
