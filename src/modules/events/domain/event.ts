import type { EventData } from './event-data.js';
import type { LINES_RECORDED } from './event-type.js';
import { type EventType, type TransferEventType } from './event-type.js';
import { lineAt, type LineGroup, type LineOutcome, linesOf } from './line-block.js';

/** Something that happened, as it is told. */
export interface Event<Type extends EventType = EventType> {
  /** The same however often it is told. */
  readonly id: string;
  readonly type: Type;
  /** 1, 2, 3 and so on within the organization, in the order of commits, without a gap. */
  readonly sequence: number;
  readonly occurredAt: Date;
  readonly organizationId: string;
  /** Whose story it belongs to: a bulk request, an account, a key. */
  readonly subjectId: string;
  readonly data: EventData<Type>;
}

/** A row of the log: one event, or a block of them whose last has this sequence. */
export interface EventRecord {
  readonly organizationId: string;
  readonly sequence: number;
  readonly size: number;
  readonly type: EventType | typeof LINES_RECORDED;
  readonly subjectId: string;
  readonly data: unknown;
  readonly occurredAt: Date;
}

/** What an event of a line tells about the line, besides what became of it. */
export interface LineDetail {
  readonly line: number;
  readonly transferId: string;
  readonly clientTransferId: string | null;
  /** Decimal string. */
  readonly amount: string;
  readonly currency: string;
}

/** Derived from the place in the log, so nothing has to be stored for it. */
export const eventId = (organizationId: string, sequence: number): string =>
  `evt_${organizationId.replaceAll('-', '')}_${sequence}`;

/** An event of a block, before anybody has looked up its line. */
export interface LineEvent {
  readonly sequence: number;
  readonly type: TransferEventType;
  readonly line: number;
  readonly code: string | null;
}

/** The events of a block in the order of their lines. */
export function lineEvents(record: EventRecord): LineEvent[] {
  return linesOf(record.data as LineGroup[]).map((outcome, index) => lineEvent(firstOf(record) + index, outcome));
}

/** The event of a block that has this number; null when it is not in it. */
export function lineEventAt(record: EventRecord, sequence: number): LineEvent | null {
  const outcome = lineAt(record.data as LineGroup[], sequence - firstOf(record));
  return outcome && lineEvent(sequence, outcome);
}

const firstOf = ({ sequence, size }: EventRecord): number => sequence - size + 1;

const lineEvent = (sequence: number, { line, to, code }: LineOutcome): LineEvent => ({
  sequence,
  type: `transfer.${to}` as TransferEventType,
  line,
  code,
});

export function toEvent(record: EventRecord): Event {
  const { organizationId, sequence, occurredAt, subjectId, type, data } = record;
  const id = eventId(organizationId, sequence);
  return { id, type, sequence, occurredAt, organizationId, subjectId, data } as Event;
}

export function toTransferEvent(record: EventRecord, { sequence, type, code }: LineEvent, detail: LineDetail): Event {
  const { organizationId, occurredAt, subjectId } = record;
  const data: EventData<TransferEventType> = {
    transfer_id: detail.transferId,
    bulk_request_id: subjectId,
    line: detail.line,
    client_transfer_id: detail.clientTransferId,
    status: type.slice('transfer.'.length),
    reason_code: code,
    amount: detail.amount,
    currency: detail.currency,
  };
  return { id: eventId(organizationId, sequence), type, sequence, occurredAt, organizationId, subjectId, data };
}
