import { Injectable } from '@nestjs/common';
import type { Pool } from 'pg';
import { DataSource } from 'typeorm';
import { type Queryable, type Statement, toQueryConfig } from './queryable.js';

/** Single statements outside a transaction: reads, and writes that stand alone. */
@Injectable()
export class Database implements Queryable {
  constructor(private readonly dataSource: DataSource) {}

  async query<Row extends object>(statement: Statement, parameters: readonly unknown[] = []): Promise<Row[]> {
    const result = await this.pool.query<Row>(toQueryConfig(statement, parameters));
    return result.rows;
  }

  async execute(statement: Statement, parameters: readonly unknown[] = []): Promise<number> {
    const result = await this.pool.query(toQueryConfig(statement, parameters));
    return result.rowCount ?? 0;
  }

  /** Connections of the pool, for metrics. */
  poolState(): { total: number; idle: number; waiting: number } {
    return { total: this.pool.totalCount, idle: this.pool.idleCount, waiting: this.pool.waitingCount };
  }

  private get pool(): Pool {
    return (this.dataSource.driver as unknown as { master: Pool }).master;
  }
}
