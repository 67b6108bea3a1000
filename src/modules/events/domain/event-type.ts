/** Everything that happens, by the noun it happens to, and what it means. A new event is a line here, and a shape in event-data.ts. */
export const EVENT_TYPES = {
  'bulk_request.accepted': 'Accepted and its money reserved. Its status says whether it waits for an approval.',
  'bulk_request.processing': 'Released by its approvers, or resumed after a pause.',
  'bulk_request.paused': 'Paused: nothing new is sent.',
  'bulk_request.cancelling': 'What was not sent is being cancelled.',
  'bulk_request.reversing': 'A line failed, and what was paid is being taken back.',
  'bulk_request.progressed': 'Another tenth of its lines has ended.',
  'bulk_request.completed': 'Ended: every line was paid.',
  'bulk_request.partially_completed': 'Ended: some lines were paid.',
  'bulk_request.failed': 'Ended: no line was paid.',
  'bulk_request.cancelled': 'Ended: cancelled before any line was paid.',
  'bulk_request.reversed': 'Ended: what was paid was taken back.',
  'bulk_request.rejected': 'Ended: an approver said no, or the time to approve it ran out.',
  'transfer.pending': 'The rail has not executed it; it is tried again.',
  'transfer.submitted': 'The rail has it, and has not settled it yet.',
  'transfer.settled': 'Paid.',
  'transfer.failed': 'Not paid, for good.',
  'transfer.in_doubt': 'Nobody knows whether it was executed; the rail is asked.',
  'transfer.manual_review': 'A person has to find out what became of it.',
  'transfer.cancelled': 'Cancelled before it was sent.',
  'transfer.returned': 'Paid, and sent back by the bank of the counterparty.',
  'account.opened': 'Opened.',
  'account.status_changed': 'Frozen, thawed or closed.',
  'account.verified': 'Its IBAN is its own on the whole platform.',
  'account.balance_changed': 'Money came, went, or was reserved or freed.',
  'api_key.created': 'Created.',
  'api_key.rotated': 'Replaced by a new key; the old one holds until the end of the overlap.',
  'api_key.revoked': 'Revoked: it opens nothing any more.',
  'webhook_endpoint.disabled': 'Switched off by the platform: its receiver is gone, or has failed for days.',
  'webhook_delivery.failed': 'Given up after the last attempt. It can be sent again.',
} as const;

export type EventType = keyof typeof EVENT_TYPES;

/** How a block of lines is stored; nobody outside sees it. */
export const LINES_RECORDED = 'transfers.recorded';

export type TransferEventType = Extract<EventType, `transfer.${string}`>;

const ALL = Object.keys(EVENT_TYPES) as EventType[];
const NOUNS = [...new Set(ALL.map((type) => type.slice(0, type.indexOf('.'))))];

/** What a filter may consist of: a type, all of a noun (`transfer.*`), or all there are (`*`). */
export const EVENT_FILTERS: readonly string[] = ['*', ...NOUNS.map((noun) => `${noun}.*`), ...ALL];

export const isEventFilter = (filter: string): boolean => EVENT_FILTERS.includes(filter);

/** The types that any of the filters asks for. */
export function typesOf(filters: readonly string[]): ReadonlySet<EventType> {
  return new Set(ALL.filter((type) => filters.some((filter) => matches(filter, type))));
}

/** As the log stores them: lines are in blocks. */
export function storedTypes(types: ReadonlySet<EventType>): string[] {
  return [...new Set([...types].map((type) => (isOfTransfer(type) ? LINES_RECORDED : type)))];
}

/** What a line has come to when it has an event of one of these types. */
export const transferStatusesOf = (types: ReadonlySet<EventType>): string[] =>
  [...types].filter(isOfTransfer).map((type) => type.slice(OF_TRANSFER.length));

const OF_TRANSFER = 'transfer.';

const isOfTransfer = (type: EventType): type is TransferEventType => type.startsWith(OF_TRANSFER);

const matches = (filter: string, type: EventType): boolean =>
  filter === '*' || filter === type || (filter.endsWith('.*') && type.startsWith(filter.slice(0, -1)));
