import { Injectable } from '@nestjs/common';
import { newId } from '../../domain/ids.js';
import type { Tx } from '../../platform/database/index.js';
import { currentActor, currentRequestId, scrub } from '../../platform/logging/index.js';
import { AppendEntries } from './application/append-entries.js';
import { digestOfLines } from './application/hashes.js';
import type { AuditNote, UnchainedEntry } from './domain/audit-entry.js';
import { type RecordedLine, totalsByStatus } from './domain/recorded-lines.js';

/** What one transaction did to lines. */
export interface RecordedLines {
  readonly organizationId: string;
  readonly bulkId: string;
  /** Null when single lines were moved, and not the whole of a chunk. */
  readonly chunkId: string | null;
  readonly rail: string;
  readonly source: string;
  /** In the order of their numbers. */
  readonly lines: readonly RecordedLine[];
  /** Entries booked between suspense and clearing along with them. */
  readonly suspenseEntries: number;
}

/** Writes down what is done, in the transaction that does it. */
@Injectable()
export class AuditTrail {
  private readonly batches = new WeakMap<Tx, UnchainedEntry[]>();

  constructor(private readonly entries: AppendEntries) {}

  /**
   * An entry of the organization's log, by whoever the request or job acts for. It is written when the transaction commits, after all
   * other locks; what a savepoint undoes is not written.
   */
  record(tx: Tx, note: AuditNote): void {
    const { organizationId, action, resource, reason = null, before = null, after = null } = note;
    const entry: UnchainedEntry = {
      id: newId(),
      organizationId,
      occurredAt: new Date(),
      action,
      actor: currentActor(),
      requestId: currentRequestId() ?? null,
      resource,
      reason: reason === null ? null : scrub(reason),
      before,
      after,
    };
    tx.beforeCommit(async () => this.add(tx, entry));
  }

  /** What became of lines: one entry, however many there are, with a digest over them. */
  recordLines(tx: Tx, recorded: RecordedLines): void {
    const { organizationId, bulkId, chunkId, rail, source, lines, suspenseEntries } = recorded;
    this.record(tx, {
      organizationId,
      action: 'transfers.recorded',
      resource: chunkId === null ? { type: 'bulk_request', id: bulkId } : { type: 'chunk', id: chunkId },
      after: {
        bulk_request_id: bulkId,
        rail,
        source,
        lines: lines.length,
        digest: digestOfLines(lines),
        totals: totalsByStatus(lines),
        suspense_entries: suspenseEntries === 0 ? undefined : suspenseEntries,
      },
    });
  }

  /** All entries are here before the first is written. */
  private add(tx: Tx, entry: UnchainedEntry): void {
    const batch = this.batches.get(tx);
    if (batch) {
      batch.push(entry);
      return;
    }
    const begun = [entry];
    this.batches.set(tx, begun);
    tx.atTheEnd('audit', async () => {
      this.batches.delete(tx);
      await this.entries.append(tx, 'changes', begun);
    });
  }
}
