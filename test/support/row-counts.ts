import type { Queryable } from '../../src/platform/database/index.js';

/** How many rows every table of the product has. */
export async function rowCounts(on: Queryable): Promise<Record<string, number>> {
  const tables = await on.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const [row] = await on.query<{ count: number }>(`SELECT count(*)::int AS count FROM "${name}"`);
    counts[name] = row?.count ?? 0;
  }
  return counts;
}
