import { fieldOf, type ToldEvent } from '../told-event.js';

/** What a reader gets: one line, and plain text. */
export interface Told {
  readonly subject: string;
  readonly text: string;
}

/**
 * Makes an event readable, or several of one type, of which it gets the last. Only what {@link fieldOf} lets through may get into it: never
 * a name, an account number, or anything that somebody wrote.
 */
export type Template = (event: ToldEvent, count: number) => Told;

export interface Parts {
  readonly subject: string;
  /** What it means, and what to do. */
  readonly says: string;
  /** Facts that are not there are left out. */
  readonly facts: readonly (readonly [label: string, value: string | null])[];
}

export function compose({ subject, says, facts }: Parts, event: ToldEvent): Told {
  const lines = facts.flatMap(([label, value]) => (value === null ? [] : [`${label}: ${value}`]));
  return { subject, text: [says, '', ...lines, '', footer(event)].join('\n') };
}

/** Of one, or of many; `noun` is singular, and its plural has an s. */
export const counted = (count: number, noun: string): string =>
  count === 1 ? `1 ${noun}` : `${count.toLocaleString('en-US')} ${noun}s`;

/** An amount with its currency, when both are there. */
export function money(event: ToldEvent, member: string): string | null {
  const [amount, currency] = [fieldOf(event, member), fieldOf(event, 'currency')];
  return amount === null || currency === null ? null : `${amount} ${currency}`;
}

const footer = ({ id, type, occurredAt }: ToldEvent): string => `${type}, ${occurredAt.toISOString()}, event ${id}`;
