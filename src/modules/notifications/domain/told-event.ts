/** An event, as far as somebody is told of it. */
export interface ToldEvent {
  readonly id: string;
  readonly type: string;
  readonly sequence: number;
  readonly occurredAt: Date;
  readonly subjectId: string;
  /** By its type: ids, states, counts and amounts. */
  readonly data: object;
}

/** Ids, states, counts, amounts and codes look like this; what somebody wrote, or a bank, may look like anything. */
const PLAIN = /^[A-Za-z0-9._:+-]{1,80}$/;

/** A member of the event's data, or of an object in it; null when it is not there, or is none of what may be told. */
export function fieldOf({ data }: Pick<ToldEvent, 'data'>, ...path: readonly [string, ...string[]]): string | null {
  let value: unknown = data;
  for (const name of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return null;
    value = (value as Record<string, unknown>)[name];
  }
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && PLAIN.test(value) ? value : null;
}
