import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../domain/errors.js';
import { newId } from '../../domain/ids.js';
import { normalizeText } from '../../domain/text.js';
import type { Tx } from '../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../platform/idempotency/index.js';
import { accountNotActive, AccountsQueries, AccountsService, type HoldOutcome } from '../accounts/index.js';
import { type AuditNote, AuditTrail } from '../audit/index.js';
import { type AmountInput, amountMinorOf } from './domain/amount-input.js';
import { bankEntryOf, type BankTransaction, type Direction, failureReasonOf } from './domain/bank-transaction.js';
import type { LedgerEntryKind, Posting } from './domain/ledger-entry.js';
import { balanceChangesOf } from './domain/posting.js';
import { BankTransactionsRepository } from './persistence/bank-transactions.repository.js';
import { LedgerRepository } from './persistence/ledger.repository.js';

export interface RequestBankTransaction {
  readonly organizationId: string;
  readonly accountId: string;
  readonly amount: AmountInput;
  readonly direction: Direction;
  readonly reason: string;
}

@Injectable()
export class LedgerService {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly accounts: AccountsService,
    private readonly accountsQueries: AccountsQueries,
    private readonly ledger: LedgerRepository,
    private readonly bankTransactions: BankTransactionsRepository,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * Books movements and changes the balances they add up to: two statements for any number of entries. What happened is
   * booked whatever the accounts' status. Locks the accounts, by id, so it comes last in a transaction.
   *
   * @param holdOutcome what the movements take out of a hold. Written between entries and balances: the hold and the accounts are rows
   *   others wait for, the entries are not.
   */
  async post(tx: Tx, posting: Posting, holdOutcome: HoldOutcome | null = null): Promise<void> {
    if (posting.entries.length > 0) await this.ledger.insert(tx, posting.organizationId, posting.entries);
    if (holdOutcome) await this.accounts.applyHoldOutcome(tx, holdOutcome);
    await this.accounts.applyChanges(tx, balanceChangesOf(posting));
  }

  /** Which of the transfers were booked as this kind already. */
  async findBooked(tx: Tx, kind: LedgerEntryKind, transferIds: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(await this.ledger.findBooked(tx, kind, transferIds));
  }

  /** Moves money between an account and the bank's own. A debit without the funds is kept as failed and moves nothing. */
  async requestBankTransaction(
    command: RequestBankTransaction,
    idempotencyKey: string | null,
    answer: (transaction: BankTransaction) => Reply,
  ): Promise<Reply> {
    const { organizationId, direction } = command;
    const reason = normalizeText(command.reason);
    const { id: accountId, currency } = await this.accountsQueries.get(organizationId, command.accountId);
    const amountMinor = amountMinorOf(command.amount, currency);
    const request = { organizationId, operation: 'bank-transactions.create', key: idempotencyKey, body: command };
    return this.idempotency.run(request, async (tx) => {
      const movement = { organizationId, accountId, currency, amountMinor, direction, reason };
      return answer(await this.moveBankMoney(tx, { id: newId(), ...movement }));
    });
  }

  private async moveBankMoney(
    tx: Tx,
    movement: Omit<BankTransaction, 'status' | 'failureReason' | 'createdAt'>,
  ): Promise<BankTransaction> {
    const { id, organizationId, accountId, currency } = movement;
    const bankAccountId = await this.accounts.getSystemAccount(tx, { organizationId, kind: 'bank', currency });
    const account = (await this.accounts.lockAccounts(tx, [accountId, bankAccountId])).get(accountId);
    if (!account) throw invariantViolated('an account disappeared');
    if (account.status !== 'active') throw accountNotActive(account.status);
    const failureReason = failureReasonOf(movement, account.availableMinor);
    const status = failureReason === null ? 'success' : 'fail';
    const transaction = await this.bankTransactions.insert(tx, { ...movement, status, failureReason });
    if (status === 'success') {
      const entries = [{ ...bankEntryOf(movement, bankAccountId), reference: id }];
      await this.post(tx, { organizationId, entries });
    }
    this.audit.record(tx, auditNoteOf(transaction));
    return transaction;
  }
}

/** Without the reason: it is free text, and may name people. */
function auditNoteOf({ id, organizationId, accountId, direction, amountMinor, currency, status }: BankTransaction) {
  return {
    organizationId,
    action: status === 'success' ? 'bank_transaction.posted' : 'bank_transaction.failed',
    resource: { type: 'bank_transaction', id },
    after: { account_id: accountId, direction, amount_minor: amountMinor.toString(), currency },
  } satisfies AuditNote;
}
