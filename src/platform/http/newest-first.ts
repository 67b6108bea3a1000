import { decodeCursor, encodeCursor } from './cursor.js';
import { type Page, pageOf } from './page.js';
import type { PageQuery } from './page-query.dto.js';

/**
 * One page of a list by id, newest first: ids are UUIDv7, their order is that of time, and a row's id is its cursor.
 *
 * @param read up to `limit` rows with an id below `beforeId` (null: from the top), in descending order
 * @throws invalid_cursor
 */
export async function newestFirst<Row extends { readonly id: string }>(
  { limit, cursor }: PageQuery,
  read: (limit: number, beforeId: string | null) => Promise<Row[]>,
): Promise<Page<Row>> {
  const beforeId = cursor === undefined ? null : decodeCursor(cursor, ['uuid'])[0];
  return pageOf(await read(limit + 1, beforeId), limit, (row) => encodeCursor([row.id]));
}
