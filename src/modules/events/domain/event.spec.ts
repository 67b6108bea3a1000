import { eventId, type EventRecord, lineEventAt, lineEvents, toEvent, toTransferEvent } from './event.js';
import { groupLines } from './line-block.js';

const ORGANIZATION = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c60';
const BULK = '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d';
const AT = new Date('2026-11-21T09:30:00.000Z');

const owner = { organizationId: ORGANIZATION, subjectId: BULK, occurredAt: AT };
const block = (sequence: number): EventRecord => ({
  ...owner,
  sequence,
  size: 3,
  type: 'transfers.recorded',
  data: groupLines([
    { line: 7, to: 'settled', code: null },
    { line: 5, to: 'settled', code: null },
    { line: 6, to: 'failed', code: 'AC04' },
  ]),
});

describe('the id of an event', () => {
  it('is made of its place and nothing else, so it is the same however often it is told', () => {
    expect(eventId(ORGANIZATION, 42)).toBe('evt_0198f2c17f3a7c318b0e1d2f3a4b5c60_42');
  });

  it('has nothing that a header or a URL would have to escape', () => {
    expect(eventId(ORGANIZATION, Number.MAX_SAFE_INTEGER)).toMatch(/^[A-Za-z0-9_]{1,64}$/);
  });
});

describe('a block', () => {
  it('gives its numbers to its lines in their order, the last one its own', () => {
    expect(lineEvents(block(12))).toEqual([
      { sequence: 10, type: 'transfer.settled', line: 5, code: null },
      { sequence: 11, type: 'transfer.failed', line: 6, code: 'AC04' },
      { sequence: 12, type: 'transfer.settled', line: 7, code: null },
    ]);
  });

  it('finds the event of a number', () => {
    for (const event of lineEvents(block(12))) expect(lineEventAt(block(12), event.sequence)).toEqual(event);
    expect([9, 13].map((sequence) => lineEventAt(block(12), sequence))).toEqual([null, null]);
  });

  it('tells of a line what it came to, and what is told of every line', () => {
    const [, second] = lineEvents(block(12));
    if (!second) throw new Error('The block has no second line.');
    const detail = { line: 6, transferId: 't', clientTransferId: 'emp-6', amount: '1.00', currency: 'EUR' };
    expect(toTransferEvent(block(12), second, detail)).toEqual({
      id: eventId(ORGANIZATION, 11),
      type: 'transfer.failed',
      sequence: 11,
      ...owner,
      data: {
        transfer_id: 't',
        bulk_request_id: BULK,
        line: 6,
        client_transfer_id: 'emp-6',
        status: 'failed',
        reason_code: 'AC04',
        amount: '1.00',
        currency: 'EUR',
      },
    });
  });
});

describe('any other record', () => {
  it('is its event', () => {
    const data = { account_id: BULK, currency: 'EUR', status: 'active' };
    const record: EventRecord = { ...owner, sequence: 3, size: 1, type: 'account.opened', data };
    expect(toEvent(record)).toEqual({
      id: eventId(ORGANIZATION, 3),
      type: 'account.opened',
      sequence: 3,
      ...owner,
      data,
    });
  });
});
