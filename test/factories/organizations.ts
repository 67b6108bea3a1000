import type { INestApplicationContext } from '@nestjs/common';
import { newId } from '../../src/domain/ids.js';
import { Reply } from '../../src/platform/idempotency/index.js';
import { type Account, AccountsQueries, AccountsService, type OpenAccount } from '../../src/modules/accounts/index.js';
import { type BankTransaction, LedgerService, type RequestBankTransaction } from '../../src/modules/ledger/index.js';
import {
  type ApiKey,
  type CreateApiKey,
  type CreateOrganization,
  type Organization,
  OrganizationsService,
  type Scope,
  SCOPES,
} from '../../src/modules/organizations/index.js';

/*
 * What most tests start from, made the way the product makes it. `app` is the API, or the context of some feature modules.
 */

export async function createOrganization(
  app: INestApplicationContext,
  values: Partial<CreateOrganization> = {},
): Promise<Organization> {
  const service = app.get(OrganizationsService, { strict: false });
  const command = { name: 'ACME Corp', slug: `acme-${newId()}`, ...values };
  return madeBy<Organization>((answer) => service.create(command, null, answer));
}

export interface CreatedApiKey extends ApiKey {
  /** The whole key, as a caller sends it. */
  secret: string;
}

/** Of every scope an organization can be granted, unless told otherwise. */
export async function createApiKey(
  app: INestApplicationContext,
  values: Pick<CreateApiKey, 'organizationId'> & Partial<CreateApiKey>,
): Promise<CreatedApiKey> {
  const service = app.get(OrganizationsService, { strict: false });
  const command = { name: 'Test key', scopes: SCOPES as readonly Scope[], expiresAt: null, ...values };
  let shown = '';
  const key = await madeBy<ApiKey>((answer) =>
    service.createApiKey(command, null, (created, secret) => {
      shown = secret ?? '';
      return answer(created);
    }),
  );
  return { ...key, secret: shown };
}

type AccountValues = Pick<OpenAccount, 'organizationId'> & Partial<OpenAccount>;

export async function createAccount(app: INestApplicationContext, values: AccountValues): Promise<Account> {
  const service = app.get(AccountsService, { strict: false });
  const command = { name: 'ACME Corp', currency: 'EUR', iban: null, bic: null, ...values };
  return madeBy<Account>((answer) => service.open(command, null, answer));
}

export async function createFundedAccount(
  app: INestApplicationContext,
  { amount = '1000.00', ...values }: AccountValues & { amount?: string },
): Promise<Account> {
  const account = await createAccount(app, values);
  await moveBankMoney(app, { organizationId: account.organizationId, accountId: account.id, amount });
  return app.get(AccountsQueries, { strict: false }).get(account.organizationId, account.id);
}

/** A credit unless told otherwise. */
export async function moveBankMoney(
  app: INestApplicationContext,
  values: Pick<RequestBankTransaction, 'organizationId' | 'accountId' | 'amount'> & Partial<RequestBankTransaction>,
): Promise<BankTransaction> {
  const service = app.get(LedgerService, { strict: false });
  const command = { direction: 'credit' as const, reason: 'Funding', ...values };
  return madeBy<BankTransaction>((answer) => service.requestBankTransaction(command, null, answer));
}

/** The thing a use case made, which over HTTP only its answer tells. */
async function madeBy<T>(useCase: (answer: (made: T) => Reply) => Promise<Reply>): Promise<T> {
  const made: T[] = [];
  await useCase((thing) => {
    made.push(thing);
    return Reply.of(201, {});
  });
  const last = made.at(-1);
  if (last === undefined) throw new Error('The use case answered without making anything.');
  return last;
}
