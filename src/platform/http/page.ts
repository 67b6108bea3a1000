/** One page of a list, as it goes over the wire. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly next_cursor: string | null;
  readonly has_more: boolean;
}

/**
 * @param rows up to `limit + 1` of them: the one too many says that there is more
 * @param cursorOf where the next page starts, from the last row of this one
 */
export function pageOf<T>(rows: readonly T[], limit: number, cursorOf: (row: T) => string): Page<T> {
  const data = rows.slice(0, limit);
  const last = data.at(-1);
  const hasMore = rows.length > limit && last !== undefined;
  return { data, next_cursor: hasMore ? cursorOf(last) : null, has_more: hasMore };
}
