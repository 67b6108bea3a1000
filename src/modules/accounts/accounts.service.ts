import { Injectable } from '@nestjs/common';
import { type Currency, isCurrency } from '../../domain/currency.js';
import { invariantViolated, notFound } from '../../domain/errors.js';
import { normalizeIban } from '../../domain/iban.js';
import { newId } from '../../domain/ids.js';
import { normalizeText } from '../../domain/text.js';
import { ofOrganization, type Queryable, type Tx, UnitOfWork } from '../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../platform/idempotency/index.js';
import { type AuditNote, AuditTrail } from '../audit/index.js';
import { type EventData, EventLog, type EventType } from '../events/index.js';
import { closedForGood, ibanMissing, ibanTaken, unknownCurrency } from './domain/account.errors.js';
import type { Account, AccountStatus, LockedAccount, SystemAccount } from './domain/account.js';
import { assertCanBecome } from './domain/account.state.js';
import { accountEvent, balanceEvent } from './domain/account-event.js';
import { type BalanceAfter, type BalanceChange, mergeChanges } from './domain/balance-change.js';
import type { Hold, HoldOutcome, NewHold } from './domain/hold.js';
import { AccountsRepository } from './persistence/accounts.repository.js';
import { HoldsRepository } from './persistence/holds.repository.js';

export interface OpenAccount {
  readonly organizationId: string;
  readonly name: string;
  readonly currency: Currency;
  /** With or without spaces, in either case. */
  readonly iban: string | null;
  readonly bic: string | null;
}

export interface ChangeAccountStatus {
  readonly organizationId: string;
  readonly accountId: string;
  readonly status: AccountStatus;
  /** The platform asks, and not the organization. Left out: the organization. */
  readonly byPlatform?: boolean;
}

export interface Reservation {
  readonly accountId: string;
  readonly amountMinor: bigint;
}

@Injectable()
export class AccountsService {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly unitOfWork: UnitOfWork,
    private readonly accounts: AccountsRepository,
    private readonly holds: HoldsRepository,
    private readonly audit: AuditTrail,
    private readonly events: EventLog,
  ) {}

  async open(command: OpenAccount, idempotencyKey: string | null, answer: (account: Account) => Reply): Promise<Reply> {
    if (!isCurrency(command.currency)) throw unknownCurrency();
    const { organizationId } = command;
    const request = { organizationId, operation: 'accounts.open', key: idempotencyKey, body: command };
    return this.idempotency.run(request, async (tx) => {
      const name = normalizeText(command.name);
      const iban = command.iban === null ? null : normalizeIban(command.iban);
      const account = await this.accounts.insert(tx, { ...command, id: newId(), name, iban });
      if (!account) throw ibanTaken();
      const { currency, status } = account;
      this.record(tx, account, { action: 'account.opened', after: { currency, status } });
      this.tell(tx, 'account.opened', account, accountEvent(account));
      return answer(account);
    });
  }

  /**
   * Freezes, thaws or closes. Asking for the status it has changes nothing, but that an account which its organization froze stays frozen
   * until the platform thaws it, once the platform has asked for the same.
   *
   * @throws stopped_by_platform, invalid_state
   */
  async changeStatus(command: ChangeAccountStatus): Promise<Account> {
    const { organizationId, accountId, status, byPlatform = false } = command;
    return this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const account = await this.lockOwn(tx, organizationId, accountId);
      const frozenByPlatform = status === 'frozen' && (byPlatform || account.frozenByPlatform);
      if (account.status !== status) assertCanBecome(account, status, { byPlatform });
      else if (account.frozenByPlatform === frozenByPlatform) return account;
      await this.accounts.changeStatus(tx, account, { status, frozenByPlatform });
      const changed = { ...account, status, frozenByPlatform };
      const change = { before: statusOf(account), after: statusOf(changed) };
      this.record(tx, account, { action: 'account.status_changed', ...change });
      if (account.status !== status) {
        const data = { ...accountEvent(changed), previous_status: account.status };
        this.tell(tx, 'account.status_changed', account, data);
      }
      return changed;
    });
  }

  /** Makes the IBAN the account's on the whole platform. Doing it twice changes nothing. */
  async verify(organizationId: string, accountId: string): Promise<Account> {
    return this.unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const account = await this.lockOwn(tx, organizationId, accountId);
      if (account.verifiedAt !== null) return account;
      if (account.status === 'closed') throw closedForGood();
      if (account.iban === null) throw ibanMissing();
      const verified = await this.accounts.verify(tx, account.id);
      if (!verified) throw ibanTaken();
      const change = { before: { verified: false }, after: { verified: true } };
      this.record(tx, account, { action: 'account.verified', ...change });
      this.tell(tx, 'account.verified', account, accountEvent(account));
      return verified;
    });
  }

  /** The id of a system account, which is made when it is first asked for. Takes no lock on one that exists. */
  async getSystemAccount(tx: Tx, account: SystemAccount): Promise<string> {
    const known = await this.accounts.findSystemAccount(tx, account);
    if (known !== null) return known;
    await this.accounts.insertSystemAccount(tx, newId(), account);
    const made = await this.accounts.findSystemAccount(tx, account);
    if (made === null) throw invariantViolated('a system account is neither there nor can it be made');
    return made;
  }

  /**
   * Keeps back money of an active account. False, and nothing changed, when it is not active or has less available.
   * Locks the account: the last thing a transaction does before its hold.
   */
  async reserve(tx: Tx, { accountId, amountMinor }: Reservation): Promise<boolean> {
    if (amountMinor <= 0n) throw invariantViolated('a reservation of nothing');
    const after = await this.accounts.reserve(tx, accountId, amountMinor);
    if (after) this.tellBalance(tx, after);
    return after !== null;
  }

  /** Says what reserved money is for. At most one hold per purpose and reference. */
  async openHold(tx: Tx, hold: NewHold): Promise<void> {
    await this.holds.insert(tx, newId(), hold);
  }

  /** Only books it on the hold; the account's `reserved` follows with {@link applyChanges}. Never beyond the hold's amount. */
  async applyHoldOutcome(tx: Tx, outcome: HoldOutcome): Promise<void> {
    await this.holds.applyOutcome(tx, outcome);
  }

  async getHold(on: Queryable, purpose: string, referenceId: string): Promise<Hold> {
    return existing(await this.findHold(on, purpose, referenceId), purpose);
  }

  async findHold(on: Queryable, purpose: string, referenceId: string): Promise<Hold | null> {
    return this.holds.find(on, purpose, referenceId);
  }

  /** Until the transaction ends, no line outcome is booked on it. Before any account of the transaction. */
  async lockHold(tx: Tx, purpose: string, referenceId: string): Promise<Hold> {
    return existing(await this.holds.lock(tx, purpose, referenceId), purpose);
  }

  /** What an account keeps reserved beyond its open holds, in minor units: zero, unless something is wrong. Locks the account. */
  async getUnheld(tx: Tx, accountId: string): Promise<bigint> {
    await this.accounts.lockAll(tx, [accountId]);
    return this.holds.getUnheld(tx, accountId);
  }

  /**
   * Changes balances for what has happened: no status is asked. Any number of changes may name an account; its row is
   * written once. Locks the accounts, by id, so it comes last in a transaction.
   */
  async applyChanges(tx: Tx, changes: Iterable<BalanceChange>): Promise<void> {
    const merged = mergeChanges(changes);
    if (merged.length === 0) return;
    for (const after of await this.accounts.applyChanges(tx, merged)) this.tellBalance(tx, after);
  }

  /**
   * Locks accounts before something is decided by what they are. Name every account the transaction will change, the one
   * that is debited too: locks taken in two goes can meet somebody else's in the wrong order.
   */
  async lockAccounts(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, LockedAccount>> {
    const locked = await this.accounts.lockAll(tx, ids);
    return new Map(locked.map((account) => [account.id, account]));
  }

  private record(tx: Tx, account: Account, note: Pick<AuditNote, 'action' | 'before' | 'after'>): void {
    const { organizationId, id } = account;
    this.audit.record(tx, { organizationId, resource: { type: 'account', id }, ...note });
  }

  private tell<Type extends EventType>(
    tx: Tx,
    type: Type,
    { organizationId, id: subjectId }: Pick<Account, 'organizationId' | 'id'>,
    data: EventData<Type>,
  ): void {
    this.events.record(tx, { organizationId, type, subjectId, data });
  }

  /** Nobody but us looks at the other sides of an organization's money. */
  private tellBalance(tx: Tx, { isCustomer, ...after }: BalanceAfter): void {
    if (!isCustomer) return;
    const { organizationId, id: subjectId } = after;
    const data = balanceEvent(after);
    this.events.recordLatest(tx, { organizationId, type: 'account.balance_changed', subjectId, data });
  }

  private async lockOwn(tx: Tx, organizationId: string, id: string): Promise<Account> {
    const account = await this.accounts.lock(tx, organizationId, id);
    if (!account) throw notFound('account');
    return account;
  }
}

/** For the audit log. */
const statusOf = ({ status, frozenByPlatform }: Account) => ({
  status,
  ...(frozenByPlatform && { frozen_by_platform: true }),
});

function existing(hold: Hold | null, purpose: string): Hold {
  if (!hold) throw invariantViolated(`there is no hold for this ${purpose}`);
  return hold;
}
