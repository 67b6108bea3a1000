import { Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import { ofOrganizationOrPlatform, sqlState, UnitOfWork } from '../../../platform/database/index.js';
import { type Refusal, RefusalRecorder } from '../../../platform/http/index.js';
import { createLogger, SYSTEM_ACTOR } from '../../../platform/logging/index.js';
import { AuditMetrics } from '../audit.metrics.js';
import type { UnchainedEntry } from '../domain/audit-entry.js';
import { type AlikeRefusals, RefusalMinute } from './alike-refusals.js';
import { AppendEntries } from './append-entries.js';

/** More than this waits only while PostgreSQL is away: what comes then is counted. */
export const MAX_WAITING = 1_000;
const FLUSH_MS = 200;
const RETRY_MS = 1_000;
const MINUTE_MS = 60_000;
const UNIQUE_VIOLATION = '23505';

const logger = createLogger('audit');

/** What is written in one transaction. It stays as it is until it is written: an id that is there already tells that it was. */
interface Batch {
  readonly organizationId: string | null;
  readonly entries: readonly UnchainedEntry[];
}

/**
 * Writes refused attempts down a moment after they were answered: the transaction of a refused request is rolled back, and whoever was
 * refused does not wait for a lock. The first of its kind is an entry of its own; those of the same minute that are like it are one entry
 * at the end of that minute. Entries are kept for ever, and whoever may nothing must not be able to fill the disk with them.
 */
@Injectable()
export class RecordRefusals extends RefusalRecorder implements OnApplicationShutdown {
  private waiting: UnchainedEntry[] = [];
  private unwritten: Batch[] = [];
  private readonly minute = new RefusalMinute();
  private dropped = 0;
  private minuteTimer: NodeJS.Timeout | undefined;
  private timer: NodeJS.Timeout | undefined;
  private flushing: Promise<void> | undefined;

  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly entries: AppendEntries,
    private readonly metrics: AuditMetrics,
  ) {
    super();
  }

  override record(refusal: Refusal): void {
    this.metrics.refused(refusal.status);
    this.beginMinute();
    const kind = this.minute.take(refusal);
    if (kind === 'alike') return;
    if (kind === 'unknown') this.drop(1);
    else this.add(entryOf(refusal), 1);
  }

  /** What is refused while the process stops is answered before the database goes. */
  async onApplicationShutdown(): Promise<void> {
    await this.flushing;
    this.endMinute();
    clearTimeout(this.timer);
    await this.flush();
    clearTimeout(this.timer);
    const lost = this.size;
    if (lost > 0) logger.error({ event: 'audit_refusals_lost', count: lost });
  }

  private beginMinute(): void {
    if (this.minuteTimer !== undefined) return;
    this.minuteTimer = setTimeout(() => this.endMinute(), MINUTE_MS);
    this.minuteTimer.unref();
  }

  private endMinute(): void {
    clearTimeout(this.minuteTimer);
    this.minuteTimer = undefined;
    for (const alike of this.minute.end()) this.add(entryOfAlike(alike), alike.count);
    if (this.dropped === 0) return;
    this.waiting.push(entryOfDropped(this.dropped));
    this.dropped = 0;
    this.flushIn(FLUSH_MS);
  }

  /** @param refusals how many the entry stands for */
  private add(entry: UnchainedEntry, refusals: number): void {
    if (this.size >= MAX_WAITING) return this.drop(refusals);
    this.waiting.push(entry);
    this.flushIn(FLUSH_MS);
  }

  private drop(refusals: number): void {
    this.dropped += refusals;
    this.metrics.dropped(refusals);
  }

  private get size(): number {
    return this.unwritten.reduce((sum, { entries }) => sum + entries.length, this.waiting.length);
  }

  private flushIn(delayMs: number): void {
    if (this.timer !== undefined || this.flushing) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.flushing = this.flush().finally(() => {
        this.flushing = undefined;
        if (this.size > 0) this.flushIn(this.unwritten.length > 0 ? RETRY_MS : FLUSH_MS);
      });
    }, delayMs);
    this.timer.unref();
  }

  private async flush(): Promise<void> {
    const batches = [...this.unwritten, ...byOwner(this.waiting)];
    this.waiting = [];
    this.unwritten = batches;
    for (const batch of batches) {
      if (!(await this.write(batch))) continue;
      this.unwritten = this.unwritten.filter((other) => other !== batch);
    }
  }

  private async write({ organizationId, entries }: Batch): Promise<boolean> {
    try {
      const access = ofOrganizationOrPlatform(organizationId);
      await this.unitOfWork.run(access, (tx) => this.entries.append(tx, 'refusals', entries));
      return true;
    } catch (error) {
      if (isWrittenAlready(error)) return true;
      logger.error({
        event: 'audit_refusals_not_written',
        organization_id: organizationId,
        count: entries.length,
        err: error,
      });
      return false;
    }
  }
}

/** The connection broke at COMMIT, which had happened. */
const isWrittenAlready = (error: unknown): boolean =>
  sqlState(error) === UNIQUE_VIOLATION && (error as { constraint?: string }).constraint === 'audit_log_pkey';

function entryOf({ at, organizationId, actor, method, route, status, code, requestId }: Refusal): UnchainedEntry {
  return {
    id: newId(),
    organizationId,
    occurredAt: at,
    action: 'request.refused',
    actor,
    requestId,
    resource: { type: 'route', id: `${method} ${route}` },
    reason: code,
    before: null,
    after: { status },
  };
}

/** In the words of the last of them; the first one has an entry of its own. */
function entryOfAlike({ count, since, last }: AlikeRefusals): UnchainedEntry {
  return { ...entryOf(last), after: { status: last.status, count, since: since.toISOString() } };
}

/** How many there were is all that is left of them. */
function entryOfDropped(count: number): UnchainedEntry {
  return {
    id: newId(),
    organizationId: null,
    occurredAt: new Date(),
    action: 'refusals.dropped',
    actor: SYSTEM_ACTOR,
    requestId: null,
    resource: { type: 'refusals', id: 'buffer' },
    reason: 'too_many',
    before: null,
    after: { dropped: count },
  };
}

function byOwner(entries: readonly UnchainedEntry[]): Batch[] {
  const owners = new Map<string | null, UnchainedEntry[]>();
  for (const entry of entries) {
    const own = owners.get(entry.organizationId);
    if (own) own.push(entry);
    else owners.set(entry.organizationId, [entry]);
  }
  return [...owners].map(([organizationId, own]) => ({ organizationId, entries: own }));
}
