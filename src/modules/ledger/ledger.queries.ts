import { Injectable } from '@nestjs/common';
import { notFound } from '../../domain/errors.js';
import { Database, type Queryable } from '../../platform/database/index.js';
import type { Page, PageQuery } from '../../platform/http/index.js';
import { newestFirst } from '../../platform/http/newest-first.js';
import { type Account, AccountsQueries } from '../accounts/index.js';
import type { BankTransaction } from './domain/bank-transaction.js';
import type { LedgerInvariants } from './domain/invariants.js';
import type { KindSum } from './domain/kind-sum.js';
import { instantInTheFuture } from './domain/ledger.errors.js';
import type { AccountEntry } from './domain/ledger-entry.js';
import { BankTransactionsRepository } from './persistence/bank-transactions.repository.js';
import { LedgerRepository } from './persistence/ledger.repository.js';

/** An account's balance at an instant. What was reserved in the past is not kept: null. */
export interface BalanceAt extends Pick<Account, 'currency' | 'postedMinor'> {
  readonly accountId: string;
  readonly at: Date;
  readonly reservedMinor: bigint | null;
}

@Injectable()
export class LedgerQueries {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountsQueries,
    private readonly ledger: LedgerRepository,
    private readonly bankTransactions: BankTransactionsRepository,
  ) {}

  /** @param at null: now */
  async getBalance(organizationId: string, accountId: string, at: Date | null): Promise<BalanceAt> {
    const { currency, postedMinor, reservedMinor } = await this.accounts.get(organizationId, accountId);
    const now = new Date();
    if (at === null) return { accountId, currency, at: now, postedMinor, reservedMinor };
    if (at > now) throw instantInTheFuture();
    const postedThen = await this.ledger.getPostedAt(this.database.of(organizationId), accountId, at);
    return { accountId, currency, at, postedMinor: postedThen, reservedMinor: null };
  }

  async listEntries(organizationId: string, accountId: string, page: PageQuery): Promise<Page<AccountEntry>> {
    await this.accounts.get(organizationId, accountId);
    const on = this.database.of(organizationId);
    return newestFirst(page, (limit, beforeId) => this.ledger.listOfAccount(on, accountId, limit, beforeId));
  }

  /** What was booked for the transfers of a bulk request, by kind; a kind of which there is nothing is left out. */
  async sumOfBulkByKind(on: Queryable, bulkId: string): Promise<KindSum[]> {
    return this.ledger.sumOfBulkByKind(on, bulkId);
  }

  async getBankTransaction(organizationId: string, id: string): Promise<BankTransaction> {
    const transaction = await this.bankTransactions.find(this.database.of(organizationId), organizationId, id);
    if (!transaction) throw notFound('bank transaction');
    return transaction;
  }

  async listBankTransactions(organizationId: string, page: PageQuery): Promise<Page<BankTransaction>> {
    const on = this.database.of(organizationId);
    return newestFirst(page, (limit, beforeId) => this.bankTransactions.list(on, organizationId, limit, beforeId));
  }

  /**
   * Reads the whole ledger, or what one organization has of it: for tests and nightly checks. Each of the three is one statement, so
   * none sees half a commit.
   */
  async invariants(on: Queryable, organizationId: string | null = null): Promise<LedgerInvariants> {
    return {
      sums: await this.ledger.sumPostedByCurrency(on, organizationId),
      posted: await this.ledger.listPostedUnlikeEntries(on, organizationId),
      reserved: await this.ledger.listReservedUnlikeHolds(on, organizationId),
    };
  }
}
