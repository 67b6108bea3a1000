import { Inject, Injectable } from '@nestjs/common';
import type { Pool, PoolClient, QueryResult } from 'pg';
import { DataSource } from 'typeorm';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { type Access, ofOrganization, settingsOf } from './access.js';
import { type Queryable, type Statement, toQueryConfig } from './queryable.js';
import { isServerError } from './sql-state.js';

/** Single statements outside a transaction of ours: reads, and writes that stand alone. */
@Injectable()
export class Database {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Pick<Config, 'DATABASE_IDLE_TRANSACTION_MS'>,
  ) {}

  /** Statements that act for `access`, each in a transaction of its own. */
  as(access: Access): Queryable {
    return {
      query: async <Row extends object>(statement: Statement, parameters: readonly unknown[] = []) =>
        (await this.run<Row>(access, statement, parameters)).rows,
      execute: async (statement, parameters = []) => (await this.run(access, statement, parameters)).rowCount ?? 0,
    };
  }

  /** The same for one organization. */
  of(organizationId: string): Queryable {
    return this.as(ofOrganization(organizationId));
  }

  /** Resolves when PostgreSQL answers. */
  async ping(): Promise<void> {
    await this.pool.query('SELECT 1');
  }

  /** Connections of the pool, for metrics. */
  poolState(): { total: number; idle: number; waiting: number } {
    return { total: this.pool.totalCount, idle: this.pool.idleCount, waiting: this.pool.waitingCount };
  }

  private async run<Row extends object>(
    access: Access,
    statement: Statement,
    parameters: readonly unknown[],
  ): Promise<QueryResult<Row>> {
    const client = await this.pool.connect();
    // A connection that breaks says so to whoever waits for an answer; without a listener it would end the process.
    client.on('error', ignore);
    try {
      await client.query(`BEGIN; ${settingsOf(access, this.config.DATABASE_IDLE_TRANSACTION_MS)}`);
      const result = await client.query<Row>(toQueryConfig(statement, parameters));
      await client.query('COMMIT');
      release(client, false);
      return result;
    } catch (error) {
      await abandon(client, error);
      throw error;
    }
  }

  private get pool(): Pool {
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }
}

const ignore = (): void => undefined;

function release(client: PoolClient, isBroken: boolean): void {
  client.off('error', ignore);
  client.release(isBroken);
}

/** An error that PostgreSQL decided leaves the connection as good as it was; any other takes it out of the pool. */
async function abandon(client: PoolClient, error: unknown): Promise<void> {
  let isBroken = !isServerError(error);
  if (!isBroken) await client.query('ROLLBACK').catch(() => (isBroken = true));
  release(client, isBroken);
}
