import { resumed, stopped } from './webhook-endpoint.js';
import { CALLBACK_TYPES, hears, heardTypes, type Listener } from './fan-out.js';

const ALL = ['bulk_request.accepted', 'transfer.settled', 'transfer.returned', 'webhook_delivery.failed'] as const;
type Type = (typeof ALL)[number];

/** A smaller set of types, with the filters of the log. */
const typesOf = (filters: readonly string[]): ReadonlySet<Type> =>
  new Set(
    ALL.filter((type) =>
      filters.some((filter) => filter === '*' || filter === type || filter === `${type.split('.')[0]}.*`),
    ),
  );

const listener = (values: Partial<Listener> = {}): Listener => ({
  ...{ id: 'endpoint', bulkId: null, lineEvents: true, startSequence: 10, types: ['*'] },
  ...{ stopSequence: null, resumeSequence: null },
  ...values,
});
const isTold = (values: Partial<Listener>, type: string, sequence = 11, subjectId = 'bulk'): boolean => {
  const told = listener(values);
  return hears(told, typesOf(told.types), { type, sequence, subjectId });
};

describe('who is told of what', () => {
  it('tells what the filters ask for', () => {
    expect(isTold({ types: ['transfer.*'] }, 'transfer.settled')).toBe(true);
    expect(isTold({ types: ['transfer.*'] }, 'bulk_request.accepted')).toBe(false);
    expect(isTold({ types: ['*'] }, 'bulk_request.accepted')).toBe(true);
  });

  it('tells nothing that happened before the endpoint was made', () => {
    expect([9, 10, 11].map((sequence) => isTold({}, 'bulk_request.accepted', sequence))).toEqual([false, false, true]);
  });

  it('tells nothing that happens while the endpoint is disabled, and all that happened before', () => {
    const told = (period: Partial<Listener>): number[] =>
      [10, 11, 20, 21, 30, 31, 40, 41].filter((sequence) => isTold(period, 'bulk_request.accepted', sequence));
    const first = stopped(listener(), 20);
    expect(told(first)).toEqual([11, 20]);
    const again = resumed(first, 30);
    expect(told(again)).toEqual([11, 20, 31, 40, 41]);
    expect(told(stopped(again, 40))).toEqual([31, 40]);
    expect(told(stopped(resumed(listener(), 10), 10))).toEqual([]);
  });

  it('tells nothing of single lines where they are switched off', () => {
    expect(isTold({ lineEvents: false }, 'transfer.settled')).toBe(false);
    expect(isTold({ lineEvents: false }, 'bulk_request.accepted')).toBe(true);
  });

  it('never tells an endpoint of deliveries', () => {
    expect(isTold({ types: ['*', 'webhook_delivery.failed'] }, 'webhook_delivery.failed')).toBe(false);
  });

  it('tells a callback URL of its own bulk request alone', () => {
    const callback = { bulkId: 'bulk', types: CALLBACK_TYPES };
    expect(isTold(callback, 'bulk_request.accepted')).toBe(true);
    expect(isTold(callback, 'bulk_request.accepted', 11, 'another')).toBe(false);
    expect(isTold(callback, 'transfer.returned')).toBe(true);
    expect(isTold(callback, 'transfer.settled')).toBe(false);
  });
});

describe('the types that have to be looked at', () => {
  it('are those of all endpoints together, without deliveries', () => {
    const heard = heardTypes([listener({ types: ['bulk_request.*', '*'], lineEvents: false })], typesOf);
    expect([...heard]).toEqual(['bulk_request.accepted']);
    const both = heardTypes([listener({ types: CALLBACK_TYPES }), listener({ types: ['transfer.settled'] })], typesOf);
    expect([...both].sort()).toEqual(['bulk_request.accepted', 'transfer.returned', 'transfer.settled']);
    expect(heardTypes([], typesOf).size).toBe(0);
  });
});
