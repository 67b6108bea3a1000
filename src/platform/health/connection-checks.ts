import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Database, DISCOVERY } from '../database/index.js';
import { RedisClient } from '../queue/index.js';
import { Readiness } from './readiness.js';

/** The connections every process has. */
@Injectable()
export class ConnectionChecks implements OnModuleInit {
  constructor(
    private readonly readiness: Readiness,
    private readonly database: Database,
    private readonly redis: RedisClient,
  ) {}

  onModuleInit(): void {
    this.readiness.add({ name: 'postgres', check: () => this.database.ping() });
    this.readiness.add({ name: 'migrations', check: () => this.migrationsRan() });
    this.readiness.add({ name: 'redis', check: async () => void (await this.redis.connection.ping()) });
  }

  private async migrationsRan(): Promise<void> {
    const [last] = await this.database.as(DISCOVERY).query('SELECT name FROM migrations ORDER BY id DESC LIMIT 1');
    if (!last) throw new Error('no migration has run in this database');
  }
}
