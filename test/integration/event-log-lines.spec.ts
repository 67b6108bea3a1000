import type { INestApplicationContext } from '@nestjs/common';
import { EVENT_TYPES, type EventType, ReadEvents, typesOf } from '../../src/modules/events/index.js';
import { Database, type Queryable } from '../../src/platform/database/index.js';
import { createPayer } from '../factories/payer.js';
import { executeDue, finish, transfersOf, UNHURRIED, workOff } from '../support/engine-steps.js';
import { ownerOf } from '../support/owner.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const ALL = new Set(Object.keys(EVENT_TYPES) as EventType[]);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('the event log of lines', () => {
  let worker: TestWorker;
  let app: INestApplicationContext;
  let owner: Queryable;
  let reads: ReadEvents;
  let organizationId: string;
  let bulks: string[];
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '5' }, { working: false });
    ({ app } = worker);
    owner = ownerOf(app);
    reads = app.get(ReadEvents, { strict: false });
    const payer = await createPayer(app);
    organizationId = payer.organizationId;
    const describe = (line: number) => (line === 6 ? 'sandbox:reject:AC04' : line === 2 ? 'sandbox:accept' : '');
    bulks = [await payer.submit(12, describe), await payer.submit(3, describe)];
    await executeDue(app);
    await workOff(app);
  });

  afterAll(() => finish(worker));

  const next = (after = 0, limit = 1_000, types: ReadonlySet<EventType> = ALL) =>
    reads.next(app.get(Database).of(organizationId), organizationId, { after, limit, types });
  /** Page by page, from the first to the last. */
  const follow = async (limit: number, types = ALL) => {
    const events = [];
    for (let after = 0; ;) {
      const page = await next(after, limit, types);
      expect(page.events.length).toBeLessThanOrEqual(limit);
      expect(page.lastSequence).toBeGreaterThanOrEqual(after);
      events.push(...page.events);
      after = page.lastSequence;
      if (!page.hasMore) return { events, last: after };
    }
  };

  it('has one row for a chunk, and tells each line by itself', async () => {
    const [first = ''] = bulks;
    const rows = await owner.query<{ size: number }>(
      `SELECT size FROM events WHERE subject_id = $1 AND type = 'transfers.recorded' ORDER BY sequence`,
      [first],
    );
    expect(rows.reduce((sum, { size }) => sum + size, 0)).toBe(13);
    expect(rows.length).toBeLessThanOrEqual(4);
    const lines = await transfersOf(app, first);
    const { events } = await follow(1_000);
    const told = events.filter(({ subjectId, type }) => subjectId === first && type.startsWith('transfer.'));
    for (const { id, line, status, failureCode } of lines) {
      const ofLine = told.flatMap(({ data }) => ('transfer_id' in data && data.transfer_id === id ? [data] : []));
      expect(ofLine.at(-1)).toEqual({
        ...{ transfer_id: id, bulk_request_id: first, line, client_transfer_id: null, status },
        ...{ reason_code: failureCode, amount: '1.00', currency: 'EUR' },
      });
      expect(ofLine.map((data) => data.status)).toEqual(line === 2 ? ['submitted', 'settled'] : [status]);
    }
    expect(lines[6]).toMatchObject({ status: 'failed', failureCode: 'AC04' });
  });

  it('is told completely, in order and once, however large the pages are and wherever they begin', async () => {
    const whole = await next();
    expect(whole.events.map(({ sequence }) => sequence)).toEqual(upTo(whole.lastSequence));
    expect(new Set(whole.events.map(({ id }) => id)).size).toBe(whole.lastSequence);
    for (const limit of [1, 2, 3, 4, 5, 7, 100]) {
      await expect(follow(limit)).resolves.toEqual({
        events: whole.events,
        last: whole.lastSequence,
      });
    }
    for (const { sequence } of whole.events) {
      const rest = await next(sequence);
      expect(rest).toEqual({ ...whole, events: whole.events.filter((event) => event.sequence > sequence) });
    }
  });

  it('is found event by event, each by its number and its type', async () => {
    const { events } = await next();
    const on = app.get(Database).of(organizationId);
    for (const event of events) await expect(reads.find(on, organizationId, event)).resolves.toEqual(event);
    const [line] = events.filter(({ type }) => type === 'transfer.settled');
    const other = { sequence: line?.sequence ?? 0, type: 'transfer.failed' } as const;
    await expect(reads.find(on, organizationId, other)).resolves.toBeNull();
  });

  it.each([['transfer.failed'], ['transfer.submitted', 'bulk_request.*'], ['api_key.*'], ['account.balance_changed']])(
    'is filtered by %s, and every page of one event has one',
    async (...filters) => {
      const types = new Set(typesOf(filters));
      const whole = await next();
      const wanted = whole.events.filter(({ type }) => types.has(type));
      for (const limit of [1, 2, 100]) {
        await expect(follow(limit, types)).resolves.toEqual({
          events: wanted,
          last: whole.lastSequence,
        });
      }
      for (let after = 0, index = 0; index < wanted.length; index++) {
        const page = await next(after, 1, types);
        expect(page.events).toEqual([wanted[index]]);
        after = page.lastSequence;
      }
    },
  );

  it('is read story by story, each from where it was left', async () => {
    const { events } = await next();
    const own = events.filter(({ subjectId }) => bulks.includes(subjectId));
    const stories = bulks.map((subjectId, index) => ({ subjectId, after: index * 6 + 3, withLines: true }));
    const told = await reads.ofStories(app.get(Database).of(organizationId), organizationId, stories, ALL);
    const expected = stories.map(({ subjectId, after }) => {
      const events = own.filter((event) => event.subjectId === subjectId && event.sequence > after);
      return expect.objectContaining({ events, hasMore: false }) as unknown;
    });
    expect(told).toEqual(expected);
  });
});
