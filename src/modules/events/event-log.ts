import { Injectable } from '@nestjs/common';
import type { Tx } from '../../platform/database/index.js';
import { Wake } from '../../platform/queue/index.js';
import type { EventData } from './domain/event-data.js';
import { type EventType, LINES_RECORDED } from './domain/event-type.js';
import { groupLines, type LineOutcome } from './domain/line-block.js';
import { EventRepository, type UnnumberedRecord } from './persistence/event.repository.js';

export interface EventNote<Type extends EventType> {
  readonly organizationId: string;
  readonly type: Type;
  /** Whose story it belongs to: a bulk request, an account, a key. */
  readonly subjectId: string;
  readonly data: EventData<Type>;
}

/** Says what happened, in the transaction in which it happens. */
@Injectable()
export class EventLog {
  private readonly batches = new WeakMap<Tx, UnnumberedRecord[]>();

  constructor(
    private readonly events: EventRepository,
    private readonly wake: Wake,
  ) {}

  /** It is written when the transaction commits, after all other locks; what a savepoint undoes has not happened. */
  record<Type extends EventType>(tx: Tx, note: EventNote<Type>): void {
    this.add(tx, { ...note, size: 1, occurredAt: new Date() });
  }

  /** The same, of which only the last of a transaction counts for its subject: a balance has one value when it is committed. */
  recordLatest<Type extends EventType>(tx: Tx, note: EventNote<Type>): void {
    this.add(tx, { ...note, size: 1, occurredAt: new Date() }, (other) => {
      return other.type === note.type && other.subjectId === note.subjectId;
    });
  }

  /** What became of lines of a bulk request: one row with as many numbers as there are lines, each of them once. */
  recordLines(
    tx: Tx,
    { organizationId, bulkId, lines }: { organizationId: string; bulkId: string; lines: readonly LineOutcome[] },
  ): void {
    if (lines.length === 0) return;
    const block = { type: LINES_RECORDED, subjectId: bulkId, size: lines.length, data: groupLines(lines) } as const;
    this.add(tx, { organizationId, ...block, occurredAt: new Date() });
  }

  private add(tx: Tx, record: UnnumberedRecord, replaces?: (other: UnnumberedRecord) => boolean): void {
    tx.beforeCommit(async () => {
      const batch = this.batchOf(tx);
      const replaced = replaces ? batch.findIndex(replaces) : -1;
      if (replaced >= 0) batch.splice(replaced, 1);
      batch.push(record);
    });
  }

  private batchOf(tx: Tx): UnnumberedRecord[] {
    const known = this.batches.get(tx);
    if (known) return known;
    const begun: UnnumberedRecord[] = [];
    this.batches.set(tx, begun);
    tx.atTheEnd('events', async () => {
      this.batches.delete(tx);
      // By id, as all heads are locked.
      const organizations = [...new Set(begun.map(({ organizationId }) => organizationId))].sort();
      for (const organizationId of organizations) {
        await this.events.append(
          tx,
          organizationId,
          begun.filter((record) => record.organizationId === organizationId),
        );
      }
    });
    tx.afterCommit(() => this.wake.notify('events'));
    return begun;
  }
}
