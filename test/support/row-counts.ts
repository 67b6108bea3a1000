import type { Queryable } from '../../src/platform/database/index.js';

/** What is written down of refusals arrives a moment after they were answered; the audit log has specs of its own. */
const AUDIT = ['audit_log', 'audit_heads'];

/** How many rows every table of the product has, but the audit log. */
export async function rowCounts(on: Queryable): Promise<Record<string, number>> {
  const tables = await on.query<{ name: string }>(
    `SELECT relname AS name FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace ORDER BY relname`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables.filter((table) => !AUDIT.includes(table.name))) {
    const [row] = await on.query<{ count: number }>(`SELECT count(*)::int AS count FROM "${name}"`);
    counts[name] = row?.count ?? 0;
  }
  return counts;
}
