import { setTimeout as delay } from 'node:timers/promises';
import { createLogger } from '../platform/logging/index.js';

/** As much of TypeORM's DataSource as is used here; the real one is loaded from what the migrations were built to. */
interface MigrationSource {
  initialize(): Promise<unknown>;
  createQueryRunner(): { query(sql: string): Promise<unknown>; release(): Promise<void> };
  runMigrations(): Promise<readonly { readonly name: string }[]>;
  destroy(): Promise<void>;
}

/** Any constant of our own: it keeps processes that start together from migrating at once. */
const MIGRATION_LOCK = 7_421_903_155;
const CONNECT_ATTEMPTS = 10;
const CONNECT_DELAY_MS = 1_000;

const logger = createLogger('migrations');

/** For MIGRATE_ON_START. Of any number of processes that start together, one migrates and the others wait for it. */
export async function migrateOnStart(): Promise<void> {
  // Migrations are built apart from src and stand beside it in dist; they read DATABASE_URL themselves.
  const built = new URL('../migrations/data-source.js', import.meta.url).href;
  const { default: source } = (await import(built)) as { default: MigrationSource };
  await migrate(source);
}

export async function migrate(source: MigrationSource, connectDelayMs: number = CONNECT_DELAY_MS): Promise<void> {
  await connect(source, connectDelayMs);
  try {
    // A lock of a transaction that is left open: it goes with the connection, however this process ends, and a pooler in transaction
    // mode keeps the connection for it. A lock of the session would stay behind on whatever connection it gave us. Nobody may end that
    // transaction for being idle.
    const session = source.createQueryRunner();
    try {
      await session.query('BEGIN');
      await session.query('SET LOCAL idle_in_transaction_session_timeout = 0');
      await session.query(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
      const ran = await source.runMigrations();
      logger.info({ event: 'migrated', migrations: ran.map((migration) => migration.name) });
      await session.query('COMMIT');
    } finally {
      await session.release();
    }
  } finally {
    await source.destroy();
  }
}

async function connect(source: MigrationSource, delayMs: number): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      await source.initialize();
      return;
    } catch (error) {
      if (attempt >= CONNECT_ATTEMPTS) throw error;
      logger.warn({ event: 'database_not_reachable', attempt, err: error });
      await delay(delayMs);
    }
  }
}
