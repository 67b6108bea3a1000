import { Injectable } from '@nestjs/common';
import { sameBic } from '../../domain/bic.js';
import { notFound } from '../../domain/errors.js';
import { Database, DISCOVERY, type Queryable } from '../../platform/database/index.js';
import type { Page, PageQuery } from '../../platform/http/index.js';
import { newestFirst } from '../../platform/http/newest-first.js';
import type { Account, Creditor, Debtor } from './domain/account.js';
import { AccountsRepository } from './persistence/accounts.repository.js';

/** How a payment names the account it takes its money from. IBANs in electronic form. */
export type DebtorReference =
  | { readonly organizationId: string; readonly accountId: string }
  | { readonly organizationId: string; readonly iban: string; readonly bic: string };

/** Customer accounts only: system accounts are nobody's to look up. */
@Injectable()
export class AccountsQueries {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountsRepository,
  ) {}

  async get(organizationId: string, id: string): Promise<Account> {
    const account = await this.accounts.find(this.database.of(organizationId), organizationId, id);
    if (!account) throw notFound('account');
    return account;
  }

  async list(organizationId: string, page: PageQuery): Promise<Page<Account>> {
    const on = this.database.of(organizationId);
    return newestFirst(page, (limit, beforeId) => this.accounts.list(on, organizationId, limit, beforeId));
  }

  /** Of any status. The BIC decides only where the account has one. */
  async findDebtor(on: Queryable, reference: DebtorReference): Promise<Debtor | null> {
    const { organizationId } = reference;
    if ('accountId' in reference) return this.accounts.findDebtorById(on, organizationId, reference.accountId);
    const debtor = await this.accounts.findDebtorByIban(on, organizationId, reference.iban);
    return debtor && (debtor.bic === null || sameBic(debtor.bic, reference.bic)) ? debtor : null;
  }

  /**
   * Which of these IBANs, in electronic form, are accounts here that a payment of the organization reaches: its own, and
   * verified ones of others. Of any status. Made for thousands at once.
   */
  async findByIbans(organizationId: string, ibans: readonly string[]): Promise<ReadonlyMap<string, Creditor>> {
    const verified = await this.accounts.findVerifiedByIbans(this.database.as(DISCOVERY), ibans);
    const own = await this.accounts.findByIbans(this.database.of(organizationId), organizationId, ibans);
    // The organization's own come last: they win over others'.
    return new Map(
      [...verified, ...own].map(({ iban, ...creditor }) => [
        iban,
        { id: creditor.id, organizationId: creditor.organizationId, currency: creditor.currency },
      ]),
    );
  }
}
