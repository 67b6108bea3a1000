import { Inject, Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';

/** "Accepted" means durable: a process refuses to start on a PostgreSQL that may forget a commit. */
@Injectable()
export class DurabilityCheck implements OnModuleInit {
  constructor(
    private readonly dataSource: DataSource,
    @Inject(CONFIG) private readonly config: Config,
  ) {}

  async onModuleInit(): Promise<void> {
    if (this.config.ALLOW_UNSAFE_DURABILITY) return;
    const settings = await this.dataSource.query<{ name: string; setting: string }[]>(
      `SELECT name, setting FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'off'`,
    );
    if (settings.length === 0) return;
    const names = settings.map((row) => row.name).join(' and ');
    throw new Error(
      `PostgreSQL runs with ${names} off: an accepted bulk request could be lost. Turn it on, or set ALLOW_UNSAFE_DURABILITY=true.`,
    );
  }
}
