import { AccountsService } from '../../src/modules/accounts/index.js';
import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { DeliverBookCredits } from '../../src/modules/transfers/application/deliver-book-credits.js';
import { BookDeliveryRepository } from '../../src/modules/transfers/persistence/book-delivery.repository.js';
import type { Queryable } from '../../src/platform/database/index.js';
import { creditTransfers, germanIban } from '../factories/bulk-requests.js';
import { createAccount, createOrganization } from '../factories/organizations.js';
import { createPayer, type Payer } from '../factories/payer.js';
import {
  completeAll,
  executeChunk,
  executeDue,
  expireLease,
  finish,
  loseChunk,
  onlyChunkOf,
  openChunksOf,
  sweep,
  transfersOf,
  UNHURRIED,
  workOff,
} from '../support/engine-steps.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';
import { ownerOf } from '../support/owner.js';

let ibans = 5_000_000;
const nextIban = (): string => germanIban(ibans++);

describe('money for an account that is held here', () => {
  let worker: TestWorker;
  let database: Queryable;
  let payer: Payer;
  beforeAll(async () => {
    worker = await startTestWorker(UNHURRIED, { working: false });
    database = ownerOf(worker.app);
  });
  beforeEach(async () => {
    payer = await createPayer(worker.app, '100.00');
  });
  afterAll(() => finish(worker));

  const accounts = () => worker.app.get(AccountsService, { strict: false });
  /** An account of another organization, verified unless told otherwise. */
  async function accountElsewhere({ verified = true, currency = 'EUR' } = {}) {
    const { id: organizationId } = await createOrganization(worker.app);
    const account = await createAccount(worker.app, { organizationId, iban: nextIban(), currency });
    if (verified) await accounts().verify(organizationId, account.id);
    return { organizationId, accountId: account.id, iban: account.iban ?? '' };
  }
  const pay = (ibansPaid: string[], values: Partial<Submission> = {}): Promise<string> =>
    payer.submit(0, undefined, {
      credit_transfers: creditTransfers(ibansPaid.length).map((line, at) => ({
        ...line,
        counterparty_iban: ibansPaid[at] ?? '',
      })),
      ...values,
    });
  const postedOf = async (accountId: string): Promise<bigint | undefined> => {
    const rows = await database.query<{ posted: bigint }>(`SELECT posted_minor AS posted FROM accounts WHERE id = $1`, [
      accountId,
    ]);
    return rows[0]?.posted;
  };
  const systemAccountsOf = (organizationId: string) =>
    database.query<{ name: string; posted: bigint }>(
      `SELECT name, posted_minor AS posted FROM accounts
        WHERE organization_id = $1 AND kind IN ('clearing', 'suspense') ORDER BY name`,
      [organizationId],
    );
  const deliver = (chunkId: string) => worker.app.get(DeliverBookCredits, { strict: false }).deliver(chunkId);
  /** Executes the one book chunk of a bulk, and leaves the delivery for later. */
  const settle = async (bulkId: string): Promise<string> => {
    const { id } = await onlyChunkOf(worker.app, bulkId);
    await executeChunk(worker.app, id);
    return id;
  };
  const failuresOf = async (bulkId: string) =>
    (await transfersOf(worker.app, bulkId)).map(({ rail, status, failureCode }) => [rail, status, failureCode]);

  describe('of the same organization', () => {
    it('is there at once, without any rail', async () => {
      const own = await createAccount(worker.app, { organizationId: payer.organizationId, iban: nextIban() });
      const bulkId = await pay([own.iban ?? '']);
      await settle(bulkId);
      await expect(failuresOf(bulkId)).resolves.toEqual([['book', 'settled', null]]);
      await expect(postedOf(own.id)).resolves.toBe(100n);
      await expect(postedOf(payer.accountId)).resolves.toBe(9_900n);
      await expect(systemAccountsOf(payer.organizationId)).resolves.toEqual([]);
      await completeAll(worker.app);
    });

    it('need not be verified, and wins over a verified account elsewhere', async () => {
      const elsewhere = await accountElsewhere();
      const own = await createAccount(worker.app, { organizationId: payer.organizationId, iban: elsewhere.iban });
      await settle(await pay([elsewhere.iban]));
      await expect(postedOf(own.id)).resolves.toBe(100n);
      await expect(postedOf(elsewhere.accountId)).resolves.toBe(0n);
    });

    it('is rejected with the reason of its account, and stays with the debtor', async () => {
      const { organizationId } = payer;
      const [closed, frozen, dollars] = await Promise.all([
        createAccount(worker.app, { organizationId, iban: nextIban() }),
        createAccount(worker.app, { organizationId, iban: nextIban() }),
        createAccount(worker.app, { organizationId, iban: nextIban(), currency: 'USD' }),
      ]);
      await accounts().changeStatus({ organizationId, accountId: closed.id, status: 'closed' });
      await accounts().changeStatus({ organizationId, accountId: frozen.id, status: 'frozen' });
      const bulkId = await pay([closed, frozen, dollars].map(({ iban }) => iban ?? ''));
      await workOff(worker.app);
      await expect(failuresOf(bulkId)).resolves.toEqual([
        ['book', 'failed', 'AC04'],
        ['book', 'failed', 'AC06'],
        ['book', 'failed', 'AC09'],
      ]);
      const bulk = await worker.app.get(BulkRequestsQueries, { strict: false }).get(organizationId, bulkId);
      expect(bulk).toMatchObject({ status: 'failed', failedMinor: 300n });
      await expect(postedOf(payer.accountId)).resolves.toBe(10_000n);
    });

    it('may be one of many lines, each on its own rail', async () => {
      const own = await createAccount(worker.app, { organizationId: payer.organizationId, iban: nextIban() });
      const bulkId = await pay([nextIban(), own.iban ?? '', nextIban()]);
      const chunks = await openChunksOf(worker.app, bulkId);
      expect(chunks.map(({ rail, lineCount }) => [rail, lineCount])).toEqual([
        ['sandbox', 2],
        ['book', 1],
      ]);
      await executeDue(worker.app);
      await expect(failuresOf(bulkId)).resolves.toEqual([
        ['sandbox', 'settled', null],
        ['book', 'settled', null],
        ['sandbox', 'settled', null],
      ]);
    });

    it('is decided again when its account is closed in the very moment it is paid', async () => {
      const { organizationId } = payer;
      const own = await createAccount(worker.app, { organizationId, iban: nextIban() });
      const bulkId = await pay([own.iban ?? '']);
      const { id } = await onlyChunkOf(worker.app, bulkId);
      const creditors = worker.app.get(BookDeliveryRepository, { strict: false });
      const findOwn = creditors.findOwn.bind(creditors);
      jest.spyOn(creditors, 'findOwn').mockImplementationOnce(async (...of) => {
        const found = await findOwn(...of);
        await accounts().changeStatus({ organizationId, accountId: own.id, status: 'closed' });
        return found;
      });
      await expect(executeChunk(worker.app, id)).rejects.toMatchObject({ code: 'invariant_violated' });
      await expireLease(worker.app, id);
      await sweep(worker.app);
      await workOff(worker.app);
      await expect(failuresOf(bulkId)).resolves.toEqual([['book', 'failed', 'AC04']]);
    });

    it('is not doubted when its worker dies: it is simply done again, once', async () => {
      const own = await createAccount(worker.app, { organizationId: payer.organizationId, iban: nextIban() });
      const bulkId = await pay([own.iban ?? '']);
      await loseChunk(worker.app, (await onlyChunkOf(worker.app, bulkId)).id);
      await expect(transfersOf(worker.app, bulkId)).resolves.toMatchObject([
        { status: 'pending', attempts: 0, possiblySent: false },
      ]);
      await expect(onlyChunkOf(worker.app, bulkId)).resolves.toMatchObject({ purpose: 'submit', deaths: 1 });
      await workOff(worker.app);
      await expect(postedOf(own.id)).resolves.toBe(100n);
    });
  });

  describe('on the book rail by request', () => {
    it('is rejected when no account has the IBAN: it never leaves through a bank', async () => {
      const bulkId = await pay([nextIban()], { rail: 'book' });
      await workOff(worker.app);
      await expect(failuresOf(bulkId)).resolves.toEqual([['book', 'failed', 'AC01']]);
    });
  });

  describe('of another organization', () => {
    it('waits between two clearing accounts until it is delivered, exactly once', async () => {
      const { organizationId, accountId, iban } = await accountElsewhere();
      const bulkId = await pay([iban, iban]);
      const chunkId = await settle(bulkId);
      await expect(failuresOf(bulkId)).resolves.toEqual([
        ['book', 'settled', null],
        ['book', 'settled', null],
      ]);
      await expect(postedOf(accountId)).resolves.toBe(0n);
      await expect(systemAccountsOf(payer.organizationId)).resolves.toEqual([
        { name: 'clearing book EUR', posted: 200n },
      ]);
      await expect(
        database.query(`SELECT payload FROM outbox WHERE dedupe_key = $1`, [`deliver:${chunkId}`]),
      ).resolves.toEqual([{ payload: { chunkId } }]);
      for (let run = 0; run < 2; run++) await deliver(chunkId);
      await expect(postedOf(accountId)).resolves.toBe(200n);
      await expect(systemAccountsOf(organizationId)).resolves.toEqual([{ name: 'clearing book EUR', posted: -200n }]);
    });

    it('is delivered once, however many deliver it at the same time', async () => {
      const { accountId, iban } = await accountElsewhere();
      const chunkId = await settle(await pay(Array<string>(10).fill(iban)));
      // Those who come second meet the unique entry; their job runs again and finds nothing to do.
      await Promise.allSettled(Array.from({ length: 5 }, () => deliver(chunkId)));
      await deliver(chunkId);
      await expect(postedOf(accountId)).resolves.toBe(1_000n);
    });

    it('reaches every organization it is for', async () => {
      const [first, second] = [await accountElsewhere(), await accountElsewhere()];
      const chunkId = await settle(await pay([first.iban, second.iban, first.iban]));
      await deliver(chunkId);
      await expect(postedOf(first.accountId)).resolves.toBe(200n);
      await expect(postedOf(second.accountId)).resolves.toBe(100n);
    });

    it('goes to suspense there when the account is closed before it arrives', async () => {
      const { organizationId, accountId, iban } = await accountElsewhere();
      const chunkId = await settle(await pay([iban]));
      await accounts().changeStatus({ organizationId, accountId, status: 'closed' });
      await deliver(chunkId);
      await expect(systemAccountsOf(organizationId)).resolves.toEqual([
        { name: 'clearing book EUR', posted: -100n },
        { name: 'suspense EUR', posted: 100n },
      ]);
    });

    it('leaves through the rail when nobody made sure that the IBAN is theirs', async () => {
      const { accountId, iban } = await accountElsewhere({ verified: false });
      const bulkId = await pay([iban]);
      await workOff(worker.app);
      await expect(failuresOf(bulkId)).resolves.toEqual([['sandbox', 'settled', null]]);
      await expect(postedOf(accountId)).resolves.toBe(0n);
    });
  });
});
