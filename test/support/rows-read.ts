import { type Access, type Queryable, type Tx, UnitOfWork } from '../../src/platform/database/index.js';
import type { INestApplicationContext } from '@nestjs/common';

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows': number;
  readonly 'Actual Loops': number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** How many rows of `table` PostgreSQL looks at for the statements of `ask`, which are explained and find nothing. */
export async function rowsRead(
  app: INestApplicationContext,
  access: Access,
  table: string,
  ask: (on: Tx) => Promise<unknown>,
): Promise<number> {
  let read = 0;
  let scans = 0;
  const count = (node: PlanNode): void => {
    if (node['Relation Name'] === table) {
      scans += 1;
      const removed = (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
      read += (node['Actual Rows'] + removed) * node['Actual Loops'];
    }
    for (const below of node.Plans ?? []) count(below);
  };
  await app.get(UnitOfWork, { strict: false }).run(access, async (tx) => {
    const explain = async (statement: Parameters<Queryable['query']>[0], parameters?: readonly unknown[]) => {
      const text = typeof statement === 'string' ? statement : statement.text;
      const [row] = await tx.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(
        `EXPLAIN (ANALYZE, FORMAT JSON) ${text}`,
        parameters,
      );
      for (const { Plan } of row?.['QUERY PLAN'] ?? []) count(Plan);
    };
    const explaining: Queryable = {
      query: (statement, parameters) => explain(statement, parameters).then(() => []),
      execute: (statement, parameters) => explain(statement, parameters).then(() => 0),
    };
    await ask(explaining as Tx);
  });
  if (scans === 0) throw new Error(`No plan has anything of ${table}.`);
  return read;
}
