import { setTimeout as delay } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { PoolClient, QueryResult } from 'pg';
import { DataSource, type EntityManager } from 'typeorm';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { DomainError, invariantViolated } from '../../domain/errors.js';
import { type Access, settingsOf } from './access.js';
import type { Queryable } from './queryable.js';
import { isServerError, sqlState } from './sql-state.js';
import { Tx } from './tx.js';

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const MAX_RETRIES = 3;

/**
 * The connection broke while COMMIT was under way: it may or may not have happened. Whoever needs to know reads the
 * outcome back; assuming either way loses money.
 */
export class CommitOutcomeUnknown extends DomainError {
  constructor(cause: unknown) {
    super('unavailable', 'unavailable', 'The outcome of the request is not known yet; ask again.', {
      cause,
      retryAfterSeconds: 1,
    });
  }
}

/** The only way to a {@link Tx}. READ COMMITTED. Never nested, never open around a network call. */
@Injectable()
export class UnitOfWork {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Pick<Config, 'DATABASE_IDLE_TRANSACTION_MS'>,
  ) {}

  /**
   * Runs `work` in one transaction that acts for `access`, and commits it. The whole closure runs again, at most three times, when
   * PostgreSQL reports a serialization failure or a deadlock, so it must not have effects outside the transaction.
   *
   * @throws CommitOutcomeUnknown when the connection was lost during COMMIT
   */
  async run<T>(access: Access, work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let retry = 0; ; retry++) {
      try {
        return await this.attempt(access, work);
      } catch (error) {
        if (retry >= MAX_RETRIES || !isRetryable(error)) throw error;
        await delay(Math.random() * 20 * 2 ** retry);
      }
    }
  }

  /**
   * Reads everything at one moment (REPEATABLE READ, READ ONLY), however many statements it takes: what others commit meanwhile is not
   * seen, and PostgreSQL refuses to write. It runs once, since a reader conflicts with nobody. Not for long: while it is open, nothing
   * that was deleted or updated since can be cleaned up.
   *
   * @param work gets the instant as its second argument: whatever was committed before it is seen
   */
  async snapshot<T>(access: Access, work: (on: Queryable, takenAt: Date) => Promise<T>): Promise<T> {
    return this.onConnection(async (client, manager) => {
      // Saying whom it acts for is the first statement that reads: it takes the snapshot, after its own beginning.
      const begunAt = await this.begin(client, 'BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY', access);
      try {
        return await work(new Tx(manager, client), begunAt);
      } finally {
        // There is nothing to commit.
        await rollback(client);
      }
    });
  }

  private attempt<T>(access: Access, work: (tx: Tx) => Promise<T>): Promise<T> {
    return this.onConnection(async (client, manager) => {
      await this.begin(client, 'BEGIN', access);
      const tx = new Tx(manager, client);
      let result: T;
      try {
        result = await work(tx);
        await tx.committing();
      } catch (error) {
        await rollback(client);
        throw error;
      }
      await commit(client);
      tx.committed();
      return result;
    });
  }

  private async onConnection<T>(work: (client: PoolClient, manager: EntityManager) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      return await work((await runner.connect()) as PoolClient, runner.manager);
    } finally {
      await runner.release();
    }
  }

  /** One round trip. When it began. */
  private async begin(client: PoolClient, statement: string, access: Access): Promise<Date> {
    const settings = settingsOf(access, this.config.DATABASE_IDLE_TRANSACTION_MS);
    try {
      // The driver answers several statements with as many results.
      const results = (await client.query(`${statement}; ${settings}`)) as unknown as QueryResult<{ begunAt: Date }>[];
      return (results[1]?.rows[0] as { begunAt: Date }).begunAt;
    } catch (error) {
      await rollback(client);
      throw error;
    }
  }
}

async function rollback(client: PoolClient): Promise<void> {
  try {
    await client.query('ROLLBACK');
  } catch (error) {
    // The server rolls back what it holds when the connection goes; the caller gets the first error.
    destroy(client, error);
  }
}

async function commit(client: PoolClient): Promise<void> {
  let ended: QueryResult;
  try {
    ended = await client.query('COMMIT');
  } catch (error) {
    if (isServerError(error)) {
      await rollback(client);
      throw error;
    }
    destroy(client, error);
    throw new CommitOutcomeUnknown(error);
  }
  // What somebody caught had made the transaction unusable: PostgreSQL answers COMMIT without an error, and keeps nothing.
  if (ended.command === 'ROLLBACK') throw invariantViolated('a transaction was committed after a failed statement');
}

/** Takes the connection out of the pool: TypeORM releases a client that reports an error as broken. */
function destroy(client: PoolClient, error: unknown): void {
  client.emit('error', error instanceof Error ? error : new Error(String(error)));
}

/**
 * The database was not there, or went: the same work may succeed when it is back. Everything it decided itself (a constraint, a
 * syntax error) would be decided the same way again.
 */
export function isTransient(error: unknown): boolean {
  if (error instanceof CommitOutcomeUnknown) return true;
  if (error instanceof DomainError) return false;
  const state = sqlState(error);
  return state === undefined ? isConnectionFailure(error) : TRANSIENT_STATE.test(state);
}

/** Connection exceptions, lack of resources, an administrator's or a crash's shutdown, a transaction that was left alone for too long. */
const TRANSIENT_STATE = /^(08|53|57P|25P03)/;

/** Node names a broken socket by a code; the driver says in words that its connection ended. */
function isConnectionFailure(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if ('code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code)) return true;
  return /connection (terminated|ended)|not queryable|timeout exceeded when trying to connect/i.test(error.message);
}

function isRetryable(error: unknown): boolean {
  const state = sqlState(error);
  return state === SERIALIZATION_FAILURE || state === DEADLOCK_DETECTED;
}
