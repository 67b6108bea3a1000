import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import type { PaymentAnswer, PaymentOutcome } from '../../../domain/payment-outcome.js';
import type { Rail, RailBooking, RailNotice, RailPayment, RailTraits } from '../domain/rail.js';
import { SANDBOX } from '../domain/rail.js';
import { sandboxAct, type SandboxAct } from '../domain/sandbox-script.js';
import {
  type JournalBooking,
  type JournalEntry,
  SandboxJournalRepository,
} from '../persistence/sandbox-journal.repository.js';

const SETTLES_AFTER_MS = 1_000;
const RETURNS_AFTER_MS = 1_000;
const STATEMENT_PAGE = 5_000;
/** The journal is visible as soon as it is written; this only covers a statement still under way when a worker died. */
const HORIZON_MS = 2_000;

/**
 * A bank in process, for trying things out. It keeps its own journal, so it can be asked after a crash; with
 * SANDBOX_JOURNAL off (benchmarks) it executes everything, remembers nothing, and must not be asked.
 */
@Injectable()
export class SandboxRail implements Rail {
  readonly name = SANDBOX;
  readonly traits: RailTraits;

  constructor(
    private readonly journal: SandboxJournalRepository,
    @Inject(CONFIG) private readonly config: Config,
  ) {
    this.traits = {
      deduplicates: true,
      visibilityHorizonMs: Math.min(HORIZON_MS, config.RAIL_VISIBILITY_HORIZON_MS),
      reverses: true,
    };
  }

  pausedForMs(): number {
    return 0;
  }

  /** In process, a whole chunk is one statement. */
  windowLines(): null {
    return null;
  }

  async submit(payments: readonly RailPayment[], signal: AbortSignal): Promise<PaymentOutcome[]> {
    if (signal.aborted) return payments.map(() => NOT_SENT);
    const acts = payments.map(actOn);
    if (this.config.SANDBOX_JOURNAL) {
      const entries = payments.flatMap((payment, index) => journalEntry(payment, acts[index] as SandboxAct) ?? []);
      if (entries.length > 0) await this.journal.execute(entries);
    }
    const slowestMs = acts.reduce((ms, act) => (act.act === 'settle' ? Math.max(ms, act.afterMs) : ms), 0);
    if (slowestMs > 0) await delay(slowestMs);
    return payments.map((payment, index) => outcomeOf(payment, acts[index] as SandboxAct));
  }

  async inquire(references: readonly string[]): Promise<PaymentAnswer[]> {
    const answers = new Map((await this.journal.find(references)).map((answer) => [answer.reference, answer]));
    return references.map((reference) => {
      const answer = answers.get(reference);
      if (!answer) return { kind: 'not_found' };
      if (answer.status === 'rejected')
        return { kind: 'rejected', code: answer.reasonCode ?? 'MS03', detail: REJECTED };
      return { kind: answer.status, railId: railIdOf(reference) };
    });
  }

  async fetchNotices(limit: number): Promise<RailNotice[]> {
    const references = await this.journal.findReturns(limit);
    return references.map((reference) => ({
      reference,
      status: 'returned',
      reasonCode: 'AC04',
      railId: railIdOf(reference),
    }));
  }

  async *fetchStatement(from: Date, to: Date): AsyncGenerator<RailBooking[]> {
    // An empty statement would say that nothing was paid.
    if (!this.config.SANDBOX_JOURNAL) throw new Error('the sandbox keeps no journal');
    for (let after: JournalBooking | undefined; ;) {
      const page = await this.journal.listBookings({ from, to }, after ?? null, STATEMENT_PAGE);
      yield page.map((booking) => ({ ...booking, railId: railIdOf(booking.reference) }));
      after = page.at(-1);
      if (page.length < STATEMENT_PAGE) return;
    }
  }

  async acknowledgeNotices(notices: readonly RailNotice[]): Promise<void> {
    await this.journal.markNoticed(notices.map((notice) => notice.reference));
  }
}

/** A reversal does what its payment says, but for the one thing that only a reversal can: fail. */
function actOn({ remittance, reverses }: RailPayment): SandboxAct {
  const act = sandboxAct(remittance);
  if (reverses === null) return act;
  if (act.act === 'irreversible') return { act: 'reject', code: 'NOOR' };
  return act.act === 'return' ? { act: 'settle', afterMs: 0 } : act;
}

const REJECTED = 'Rejected by the sandbox';
const NOT_SENT: PaymentOutcome = {
  kind: 'not_sent',
  code: 'not_sent',
  detail: 'The window closed before it was sent',
};

const railIdOf = (reference: string): string => `sbx-${reference}`;

/** Null when the payment does not reach the bank, or the bank does not take it. */
function journalEntry(payment: RailPayment, act: SandboxAct): JournalEntry | null {
  if (act.act === 'lost' && payment.attempt === 1) return null;
  if (act.act === 'refuse_first' && payment.attempt <= act.times) return null;
  return {
    reference: payment.reference,
    status: act.act === 'reject' ? 'rejected' : act.act === 'accept' ? 'accepted' : 'settled',
    reasonCode: act.act === 'reject' ? act.code : null,
    amountMinor: payment.amountMinor,
    currency: payment.currency,
    reverses: payment.reverses,
    settlesInMs: act.act === 'accept' ? SETTLES_AFTER_MS : null,
    returnsInMs: act.act === 'return' ? RETURNS_AFTER_MS : null,
  };
}

function outcomeOf(payment: RailPayment, act: SandboxAct): PaymentOutcome {
  const settled: PaymentOutcome = { kind: 'settled', railId: railIdOf(payment.reference) };
  switch (act.act) {
    case 'settle':
    case 'return':
    case 'irreversible':
      return settled;
    case 'accept':
      return { kind: 'accepted', railId: railIdOf(payment.reference) };
    case 'reject':
      return { kind: 'rejected', code: act.code, detail: REJECTED };
    case 'refuse_first':
      if (payment.attempt > act.times) return settled;
      return { kind: 'not_accepted', code: 'sandbox_busy', detail: `Not accepted ${payment.attempt} of ${act.times}` };
    case 'timeout':
      return { kind: 'unknown', code: 'timeout', detail: 'The answer was lost' };
    case 'lost':
      if (payment.attempt > 1) return settled;
      return { kind: 'unknown', code: 'timeout', detail: 'No answer' };
  }
}
