import { isToldOf, type ToldPeriod, type WebhookEndpoint } from './webhook-endpoint.js';

/** An endpoint, as far as who is told of what is concerned. */
export type Listener = Pick<WebhookEndpoint, 'id' | 'bulkId' | 'lineEvents' | 'types'> & ToldPeriod;

interface Occurrence {
  readonly type: string;
  readonly sequence: number;
  readonly subjectId: string;
}

const isOfLine = (type: string): boolean => type.startsWith('transfer.');

/** What endpoints are never told of: that one could not be told something would be the next thing to tell. */
export const isAboutDeliveries = (type: string): boolean => type.startsWith('webhook_delivery.');

/** Whether a listener is told of what happened. @param filtered the types its filters ask for */
export function hears(
  listener: Listener,
  filtered: ReadonlySet<string>,
  { type, sequence, subjectId }: Occurrence,
): boolean {
  if (!isToldOf(listener, sequence) || !filtered.has(type) || isAboutDeliveries(type)) return false;
  if (!listener.lineEvents && isOfLine(type)) return false;
  return listener.bulkId === null || listener.bulkId === subjectId;
}

/** The types that any of the listeners can be told of. @param typesOf what filters ask for */
export function heardTypes<Type extends string>(
  listeners: readonly Pick<Listener, 'lineEvents' | 'types'>[],
  typesOf: (filters: readonly string[]) => ReadonlySet<Type>,
): ReadonlySet<Type> {
  const heard = listeners.flatMap(({ lineEvents, types }) =>
    [...typesOf(types)].filter((type) => !isAboutDeliveries(type) && (lineEvents || !isOfLine(type))),
  );
  return new Set(heard);
}

/** What a `callback_url` is told of: how its bulk request goes, and what comes back of it later. Not every single line. */
export const CALLBACK_TYPES: readonly string[] = ['bulk_request.*', 'transfer.returned'];
