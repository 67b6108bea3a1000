import { Injectable } from '@nestjs/common';
import { railReference } from '../../../domain/ids.js';
import { PLATFORM, UnitOfWork } from '../../../platform/database/index.js';
import { type NewEvidence, TransfersService } from '../../transfers/index.js';
import type { NewBreak } from '../domain/break.js';
import { bookingText, classifyBooking } from '../domain/classify-booking.js';
import { type FindingContext, missingThere, strandedReturn } from '../domain/find-breaks.js';
import { BookedRepository, type SettledPeriod } from '../persistence/booked.repository.js';
import { type LeasedRun, RunRepository } from '../persistence/run.repository.js';
import { type BookingPosition, type BookingOfRun, StatementRepository } from '../persistence/statement.repository.js';
import { OpenBreaks } from './open-breaks.js';
import { keepLease } from './run-lease.js';

/** Each page gathers anew what is left of the run, so there are few, and large ones. */
const BATCH = 5_000;
const NOTED_AT_ONCE = 500;

/**
 * Holds an imported statement against the books, in both directions. What differs is found by SQL, and what it is decided by a rule.
 * Every step may be repeated: breaks have a key, evidence is kept once.
 */
@Injectable()
export class CompareStatement {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly transfers: TransfersService,
    private readonly runs: RunRepository,
    private readonly statement: StatementRepository,
    private readonly booked: BookedRepository,
    private readonly breaks: OpenBreaks,
  ) {}

  /** What the rail booked, beside what we have. */
  async compareBookings(run: LeasedRun): Promise<void> {
    let after: BookingPosition | null = null;
    for (;;) {
      const page: BookingOfRun[] = await this.statement.lookAt(run, after, BATCH);
      if (page.length === 0) return;
      await this.decide(run, page);
      after = page.at(-1) ?? null;
      await keepLease(this.runs, run);
    }
  }

  /** What we booked, and the rail should have by now. */
  async compareSettlements(run: LeasedRun, period: SettledPeriod): Promise<void> {
    const context = contextOf(run);
    let after: string | null = null;
    for (;;) {
      const page = await this.booked.listUnbooked(period, after, BATCH);
      if (page.length === 0) return;
      await this.open(page.map((settlement) => missingThere(settlement, context)));
      after = page.at(-1)?.transferId ?? null;
      await keepLease(this.runs, run);
    }
  }

  /** A booking that comes after its absence was told resolves nothing by itself: a person may have acted on it. */
  async noteLateBookings(run: LeasedRun): Promise<void> {
    const bookings = await this.statement.listBookedAfterAll(run);
    const findings = bookings.map(({ breakKey, ...booking }) => ({
      dedupeKey: breakKey,
      found: `On the statement after all: ${bookingText(booking)}`,
    }));
    // In parts, so that nobody who resolves a break waits for all the others.
    for (let start = 0; start < findings.length; start += NOTED_AT_ONCE) {
      await this.unitOfWork.run(PLATFORM, (tx) => this.breaks.note(tx, findings.slice(start, start + NOTED_AT_ONCE)));
      await keepLease(this.runs, run);
    }
  }

  /** What came back to closed accounts. */
  async findStranded(run: LeasedRun): Promise<void> {
    for (;;) {
      const page = await this.booked.listStranded(run.organizationId, BATCH);
      if (page.length === 0) return;
      await this.open(page.map((stranded) => strandedReturn(stranded, { runId: run.id })));
      await keepLease(this.runs, run);
    }
  }

  private async decide(run: LeasedRun, page: readonly BookingOfRun[]): Promise<void> {
    const context = contextOf(run);
    const evidence: { position: BookingPosition; item: NewEvidence }[] = [];
    const found: NewBreak[] = [];
    for (const booking of page) {
      const verdict = classifyBooking(booking);
      if (verdict.outcome === 'evidence') evidence.push({ position: booking, item: evidenceOf(booking) });
      if (verdict.outcome === 'break') found.push(breakOf(booking, verdict, context));
    }
    if (evidence.length > 0) {
      // First the inbox, then the mark: a worker that dies in between gives it again, and the inbox keeps it once.
      await this.transfers.keepEvidence(evidence.map((one) => one.item));
      await this.statement.markEvidence(
        run,
        evidence.map((one) => one.position),
      );
    }
    await this.open(found);
  }

  private async open(found: readonly NewBreak[]): Promise<void> {
    if (found.length > 0) await this.unitOfWork.run(PLATFORM, (tx) => this.breaks.openOrNote(tx, found));
  }
}

const contextOf = ({ rail, id }: LeasedRun): FindingContext => ({ rail, runId: id });

function breakOf(
  { organizationId, bulkId, transferId, reference, railId, amountMinor, currency }: BookingOfRun,
  { class: breakClass, expected, found, dedupeKey }: Pick<NewBreak, 'class' | 'expected' | 'found' | 'dedupeKey'>,
  { rail, runId }: FindingContext,
): NewBreak {
  return {
    organizationId,
    rail,
    class: breakClass,
    source: 'statement',
    runId,
    bulkId,
    transferId,
    reference,
    railId,
    amountMinor,
    currency,
    expected,
    found,
    dedupeKey,
  };
}

function evidenceOf({ rail, reference, transferId, status, railId }: BookingOfRun): NewEvidence {
  return {
    rail,
    // As we write it: the inbox keeps the same word about the same reference once, however the bank spells it.
    reference: transferId === null ? reference : railReference(transferId),
    transferId,
    source: 'statement',
    status,
    reasonCode: null,
    railId,
  };
}
