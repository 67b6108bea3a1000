import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { PoolClient } from 'pg';
import { DataSource, type QueryRunner } from 'typeorm';
import { DomainError } from '../../domain/errors.js';
import type { Queryable } from './queryable.js';
import { Tx } from './tx.js';

const SERIALIZATION_FAILURE = '40001';
const DEADLOCK_DETECTED = '40P01';
const IDLE_TRANSACTION_ENDED = '25P03';
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
  constructor(private readonly dataSource: DataSource) {}

  /**
   * Runs `work` in one transaction and commits it. The whole closure runs again, at most three times, when PostgreSQL
   * reports a serialization failure or a deadlock, so it must not have effects outside the transaction.
   *
   * @throws CommitOutcomeUnknown when the connection was lost during COMMIT
   */
  async run<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    for (let retry = 0; ; retry++) {
      try {
        return await this.attempt(work);
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
  async snapshot<T>(work: (on: Queryable, takenAt: Date) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction('REPEATABLE READ');
      try {
        const reader = new Tx(runner.manager, client);
        await reader.execute('SET TRANSACTION READ ONLY');
        // The first statement that reads takes the snapshot, after its own beginning.
        const [first] = await reader.query<{ takenAt: Date }>(`SELECT statement_timestamp() AS "takenAt"`);
        return await work(reader, (first as { takenAt: Date }).takenAt);
      } finally {
        // There is nothing to commit.
        await rollback(runner, client);
      }
    } finally {
      await runner.release();
    }
  }

  private async attempt<T>(work: (tx: Tx) => Promise<T>): Promise<T> {
    const runner = this.dataSource.createQueryRunner();
    try {
      const client = (await runner.connect()) as PoolClient;
      await runner.startTransaction();
      const tx = new Tx(runner.manager, client);
      let result: T;
      try {
        result = await work(tx);
      } catch (error) {
        await rollback(runner, client);
        throw error;
      }
      await commit(runner, client);
      tx.committed();
      return result;
    } finally {
      await runner.release();
    }
  }
}

async function rollback(runner: QueryRunner, client: PoolClient): Promise<void> {
  try {
    await runner.rollbackTransaction();
  } catch (error) {
    // The server rolls back what it holds when the connection goes; the caller gets the first error.
    destroy(client, error);
  }
}

async function commit(runner: QueryRunner, client: PoolClient): Promise<void> {
  try {
    await runner.commitTransaction();
  } catch (error) {
    if (isServerError(error)) {
      await rollback(runner, client);
      throw error;
    }
    destroy(client, error);
    throw new CommitOutcomeUnknown(error);
  }
}

/** Takes the connection out of the pool: TypeORM releases a client that reports an error as broken. */
function destroy(client: PoolClient, error: unknown): void {
  client.emit('error', error instanceof Error ? error : new Error(String(error)));
}

/** PostgreSQL answered with an SQLSTATE, so it decided; class 57 (shutdown), 08 and 25P03 mean the connection went instead. */
function isServerError(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !/^(57|08)/.test(state) && state !== IDLE_TRANSACTION_ENDED;
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

/** Two characters of class and three more. The classes are listed: EPIPE of a broken socket would pass for one otherwise. */
const SQLSTATE = /^(\d\d|F0|HV|P0|XX)[0-9A-Z]{3}$/;

/** The SQLSTATE of a PostgreSQL error, also when TypeORM wrapped it. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && SQLSTATE.test(code)) return code;
  return driverError === undefined ? undefined : sqlState(driverError);
}
