import { rmSync } from 'node:fs';
import { findPgBouncer, startPgBouncer } from '../../scripts/local-servers/pgbouncer.mjs';
import { makeTempDir } from '../../scripts/temp-dir.mjs';

export interface Pooler {
  /** Of the same database, through the pooler. */
  url: string;
  stop(): Promise<void>;
}

/** `describe`, or, loudly, `describe.skip` on a machine that has no PgBouncer and cannot unpack one. */
export function describeWithPooler(): jest.Describe {
  if (findPgBouncer() !== undefined) return describe;
  console.warn('\n!!! NO PGBOUNCER: it is not on the PATH and apt has none, so a pooler is NOT tested.\n');
  // eslint-disable-next-line no-restricted-syntax -- a pooler is nothing npm can install
  return describe.skip;
}

/** PgBouncer in transaction mode in front of a database. */
export async function startPooler(databaseUrl: string, poolSize: number): Promise<Pooler> {
  const dir = makeTempDir('pooler');
  const { url, stop } = await startPgBouncer({ dir, databaseUrl, poolSize });
  return {
    url,
    stop: async () => {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
