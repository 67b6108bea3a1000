import { Injectable } from '@nestjs/common';
import { invariantViolated, notFound } from '../../../domain/errors.js';
import type { Tx } from '../../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../../platform/idempotency/index.js';
import { accountNotActive, AccountsService, type LockedAccount } from '../../accounts/index.js';
import { AuditTrail } from '../../audit/index.js';
import { LedgerService } from '../../ledger/index.js';
import type { Break, Resolution } from '../domain/break.js';
import { breakStates } from '../domain/break.state.js';
import { breakResolved, debtorLacksFunds } from '../domain/reconciliation.errors.js';
import { type SuspenseMove, suspenseMove } from '../domain/suspense.js';
import { BreakRepository, type LockedBreak } from '../persistence/break.repository.js';

export interface ResolveBreakCommand {
  /** Null: of whatever organization. */
  readonly organizationId: string | null;
  readonly breakId: string;
  readonly resolution: Resolution;
  readonly note: string;
}

/** A person's decision about a break, and what it does with the money the break put on suspense. */
@Injectable()
export class ResolveBreak {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly breaks: BreakRepository,
    private readonly accounts: AccountsService,
    private readonly ledger: LedgerService,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * @param by the id of the API key, or `admin`
   * @throws not_found, invalid_state, suspense_not_empty, nothing_in_suspense, insufficient_funds, account_not_active
   */
  async resolve(
    command: ResolveBreakCommand,
    by: string,
    idempotencyKey: string | null,
    answer: (resolved: Break) => Reply,
  ): Promise<Reply> {
    const { organizationId, breakId, resolution, note } = command;
    const request = { organizationId, operation: 'reconciliation.resolve', key: idempotencyKey, body: command };
    return this.idempotency.run(request, async (tx) => {
      const locked = await this.breaks.lock(tx, organizationId, breakId);
      if (!locked) throw notFound('reconciliation break');
      if (!breakStates.canMove(locked.status, 'resolved')) throw breakResolved(locked.status);
      const move = suspenseMove(locked, resolution);
      const from = breakStates.sourcesOf('resolved');
      const resolved = await this.breaks.resolve(tx, breakId, from, { resolution, note, by });
      if (!resolved) throw invariantViolated('a locked break changed its state');
      if (move) await this.moveSuspense(tx, locked, move);
      this.record(tx, locked, resolved, move);
      return answer(resolved);
    });
  }

  /** Without the note, which is free text; nor with the rail's words. */
  private record(
    tx: Tx,
    { status, organizationId, currency }: LockedBreak,
    resolved: Break,
    move: SuspenseMove | null,
  ) {
    this.audit.record(tx, {
      organizationId,
      action: 'reconciliation_break.resolved',
      resource: { type: 'reconciliation_break', id: resolved.id },
      before: { status },
      after: {
        status: resolved.status,
        resolution: resolved.resolution,
        moved: move && {
          amount_minor: move.amountMinor.toString(),
          currency,
          from: move.outOfSuspense ? 'suspense' : move.counterpart,
          to: move.outOfSuspense ? move.counterpart : 'suspense',
        },
      },
    });
  }

  private async moveSuspense(tx: Tx, locked: LockedBreak, move: SuspenseMove): Promise<void> {
    const { id, organizationId, currency } = locked;
    if (organizationId === null || currency === null) throw invariantViolated('money on suspense has no owner');
    const suspenseId = await this.accounts.getSystemAccount(tx, { organizationId, kind: 'suspense', currency });
    const otherId = await this.counterpartOf(tx, locked, move, suspenseId);
    const [debitAccountId, creditAccountId] = move.outOfSuspense ? [suspenseId, otherId] : [otherId, suspenseId];
    const entry = { debitAccountId, creditAccountId, amountMinor: move.amountMinor, currency };
    await this.ledger.post(tx, { organizationId, entries: [{ ...entry, kind: 'correction', reference: id }] });
  }

  private async counterpartOf(
    tx: Tx,
    { organizationId, currency, rail, debtorAccountId }: LockedBreak,
    { counterpart, outOfSuspense, amountMinor }: SuspenseMove,
    suspenseId: string,
  ): Promise<string> {
    const owner = { organizationId: organizationId ?? '', currency: currency ?? '' };
    if (counterpart === 'clearing') return this.accounts.getSystemAccount(tx, { ...owner, kind: 'clearing', rail });
    if (counterpart === 'fees') return this.accounts.getSystemAccount(tx, { ...owner, kind: 'fees' });
    if (debtorAccountId === null) throw invariantViolated('money on suspense has no debtor');
    const debtor = (await this.accounts.lockAccounts(tx, [debtorAccountId, suspenseId])).get(debtorAccountId);
    if (!debtor) throw invariantViolated('an account disappeared');
    assertTakes(debtor, outOfSuspense, amountMinor);
    return debtorAccountId;
  }
}

/** A debtor that is charged needs the money, and an account that may be used; one that gets its money back only has to exist still. */
function assertTakes({ status, availableMinor }: LockedAccount, getsMoney: boolean, amountMinor: bigint): void {
  if (status === 'closed' || (status !== 'active' && !getsMoney)) throw accountNotActive(status);
  if (!getsMoney && availableMinor < amountMinor) throw debtorLacksFunds();
}
