import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import type { Tx } from '../../../platform/database/index.js';
import { type AuditNote, AuditTrail } from '../../audit/index.js';
import { EventLog } from '../../events/index.js';
import { type AcceptedBulk, acceptedNote, type AwaitedApproval } from '../domain/audit-note.js';
import { acceptedEvent, changedEvent, endedEvent, type FinalStatus, type PassedStatus } from '../domain/bulk-event.js';
import type { BulkRequestStatus } from '../domain/bulk-request.state.js';
import type { FinalCounts } from '../domain/completion.js';

export interface StateChange {
  readonly from: BulkRequestStatus;
  readonly to: BulkRequestStatus;
  /** When it has ended. */
  readonly counts: FinalCounts | null;
}

/** Every change of a bulk's state is written down twice: who did it, in the audit log, and that it happened, for whoever listens. */
@Injectable()
export class RecordBulkChange {
  constructor(
    private readonly audit: AuditTrail,
    private readonly events: EventLog,
  ) {}

  accepted(tx: Tx, bulk: AcceptedBulk, awaits: AwaitedApproval | null): void {
    this.audit.record(tx, acceptedNote(bulk, awaits));
    this.events.record(tx, acceptedEvent(bulk, awaits !== null));
  }

  changed(
    tx: Tx,
    bulk: { readonly organizationId: string; readonly id: string },
    note: AuditNote,
    { from, to, counts }: StateChange,
  ): void {
    this.audit.record(tx, note);
    if (isPassed(to)) return this.events.record(tx, changedEvent(bulk, { from, to }));
    if (counts === null || !isFinal(to)) throw invariantViolated(`a bulk request cannot come to be ${to} like that`);
    this.events.record(tx, endedEvent(bulk, { from, to, counts }));
  }
}

const PASSED: readonly BulkRequestStatus[] = [
  'processing',
  'paused',
  'cancelling',
  'reversing',
] satisfies PassedStatus[];
const FINAL: readonly BulkRequestStatus[] = [
  'completed',
  'partially_completed',
  'failed',
  'cancelled',
  'reversed',
  'rejected',
] satisfies FinalStatus[];

const isPassed = (status: BulkRequestStatus): status is PassedStatus => PASSED.includes(status);
const isFinal = (status: BulkRequestStatus): status is FinalStatus => FINAL.includes(status);
