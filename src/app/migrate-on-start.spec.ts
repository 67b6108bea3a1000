import { setLogLevel } from '../platform/logging/index.js';
import { migrate } from './migrate-on-start.js';

beforeAll(() => setLogLevel('silent'));

/** A data source that writes down what was asked of it. */
function source(options: { failingConnects?: number; migration?: Error } = {}) {
  const said: string[] = [];
  let connects = 0;
  return {
    said,
    initialize: async () => {
      said.push('connect');
      if (connects++ < (options.failingConnects ?? 0)) throw new Error('connect ECONNREFUSED');
    },
    createQueryRunner: () => ({
      query: async (sql: string) => void said.push(/pg_advisory_\w+/.exec(sql)?.[0] ?? sql),
      release: async () => void said.push('release'),
    }),
    runMigrations: async () => {
      said.push('migrate');
      if (options.migration) throw options.migration;
      return [];
    },
    destroy: async () => void said.push('destroy'),
  };
}

describe('migrating on start', () => {
  it('happens under a lock that other processes wait for', async () => {
    const database = source();
    await migrate(database);
    expect(database.said).toEqual([
      ...['connect', 'BEGIN', 'SET LOCAL idle_in_transaction_session_timeout = 0', 'pg_advisory_xact_lock'],
      ...['migrate', 'COMMIT', 'release', 'destroy'],
    ]);
  });

  it('waits for a database that is not there yet, but not for ever', async () => {
    const late = source({ failingConnects: 3 });
    await migrate(late, 0);
    expect(late.said.filter((word) => word === 'connect')).toHaveLength(4);
    await expect(migrate(source({ failingConnects: 100 }), 0)).rejects.toThrow('ECONNREFUSED');
  });

  it('stops the start when a migration fails, and leaves no connection behind', async () => {
    const database = source({ migration: new Error('syntax error') });
    await expect(migrate(database)).rejects.toThrow('syntax error');
    expect(database.said.slice(-2)).toEqual(['release', 'destroy']);
  });
});
