import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { PoolClient } from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { EntityManager } from 'typeorm';
import { type Queryable, type Statement, toQueryConfig } from './queryable.js';

/** The end of the one lock order: heads that hold up everybody else of an organization, one kind after the other. */
const LAST_LOCKS = ['events', 'audit'] as const;

/** One open database transaction. Every write takes it as its first argument; only {@link UnitOfWork} makes one. */
export class Tx implements Queryable {
  private readonly beforeCommitCallbacks: (() => Promise<void>)[] = [];
  private readonly atTheEndCallbacks = new Map<(typeof LAST_LOCKS)[number], () => Promise<void>>();
  private readonly afterCommitCallbacks: (() => void)[] = [];

  constructor(
    /** For simple entity reads and writes; money goes through plain SQL. */
    readonly manager: EntityManager,
    private readonly client: PoolClient,
  ) {}

  async query<Row extends object>(statement: Statement, parameters: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.client.query<Row>(toQueryConfig(statement, parameters));
    return result.rows;
  }

  async execute(statement: Statement, parameters: readonly unknown[] = []): Promise<number> {
    const result = await this.client.query(toQueryConfig(statement, parameters));
    return result.rowCount ?? 0;
  }

  /** Streams rows in COPY's text format (tab-separated, newline-terminated, already escaped). */
  async copyIn(sql: string, blocks: Iterable<string>): Promise<void> {
    await pipeline(Readable.from(blocks), this.client.query(copyFrom(sql)));
  }

  /**
   * Runs `work` behind a savepoint. When `work` throws, everything it wrote is undone, what it wanted done around the commit is
   * forgotten, the transaction stays usable, and the error is thrown on.
   */
  async savepoint<T>(work: () => Promise<T>): Promise<T> {
    const before = this.beforeCommitCallbacks.length;
    const after = this.afterCommitCallbacks.length;
    await this.execute('SAVEPOINT work');
    try {
      const result = await work();
      await this.execute('RELEASE SAVEPOINT work');
      return result;
    } catch (error) {
      this.beforeCommitCallbacks.length = before;
      this.afterCommitCallbacks.length = after;
      await this.execute('ROLLBACK TO SAVEPOINT work');
      throw error;
    }
  }

  /**
   * Runs inside the transaction, when its work is done and only COMMIT is left, in the order of registration: what a savepoint undoes is
   * not asked for. When one throws, nothing is committed.
   */
  beforeCommit(callback: () => Promise<void>): void {
    this.beforeCommitCallbacks.push(callback);
  }

  /** From {@link beforeCommit} only: takes the locks that come last, in their order, whoever asks first. Once for each of them. */
  atTheEnd(lock: (typeof LAST_LOCKS)[number], callback: () => Promise<void>): void {
    this.atTheEndCallbacks.set(lock, callback);
  }

  /** Runs after COMMIT succeeded, never when it did not: waking somebody up, counting a metric. Must not throw. */
  afterCommit(callback: () => void): void {
    this.afterCommitCallbacks.push(callback);
  }

  /** For {@link UnitOfWork} only. */
  async committing(): Promise<void> {
    for (const callback of this.beforeCommitCallbacks) await callback();
    for (const lock of LAST_LOCKS) await this.atTheEndCallbacks.get(lock)?.();
  }

  /** For {@link UnitOfWork} only. */
  committed(): void {
    for (const callback of this.afterCommitCallbacks) callback();
  }
}
