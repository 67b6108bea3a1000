import type { INestApplicationContext } from '@nestjs/common';
import {
  EVENT_TYPES,
  EventLog,
  type EventNote,
  type EventType,
  ReadEvents,
  typesOf,
} from '../../src/modules/events/index.js';
import { newId } from '../../src/domain/ids.js';
import {
  Database,
  DISCOVERY,
  ofOrganization,
  PLATFORM,
  type Queryable,
  type Tx,
  UnitOfWork,
} from '../../src/platform/database/index.js';
import { createOrganization } from '../factories/organizations.js';
import { finish, runLoop, UNHURRIED } from '../support/engine-steps.js';
import { ownerOf } from '../support/owner.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const ALL = new Set(Object.keys(EVENT_TYPES) as EventType[]);
const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

describe('the event log', () => {
  let worker: TestWorker;
  let app: INestApplicationContext;
  let owner: Queryable;
  let unitOfWork: UnitOfWork;
  let log: EventLog;
  let reads: ReadEvents;
  beforeAll(async () => {
    worker = await startTestWorker({ ...UNHURRIED, CHUNK_SIZE: '5' }, { working: false });
    ({ app } = worker);
    owner = ownerOf(app);
    unitOfWork = app.get(UnitOfWork);
    log = app.get(EventLog, { strict: false });
    reads = app.get(ReadEvents, { strict: false });
  });
  afterAll(() => finish(worker));

  const organization = async (): Promise<string> => (await createOrganization(app)).id;
  const noteOf = (organizationId: string, id = newId(), status = 'active'): EventNote<'account.opened'> => ({
    organizationId,
    type: 'account.opened',
    subjectId: id,
    data: { account_id: id, currency: 'EUR', status },
  });
  const write = (organizationId: string, count = 1, also?: (tx: Tx) => Promise<void>): Promise<void> =>
    unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      for (let i = 0; i < count; i++) log.record(tx, noteOf(organizationId));
      await also?.(tx);
    });
  const sequencesOf = async (organizationId: string): Promise<number[]> =>
    (
      await owner.query<{ sequence: number }>(
        `SELECT sequence::int AS sequence FROM events WHERE organization_id = $1 ORDER BY sequence`,
        [organizationId],
      )
    ).map(({ sequence }) => sequence);
  const next = (organizationId: string, after = 0, limit = 1_000, types: ReadonlySet<EventType> = ALL) =>
    reads.next(app.get(Database).of(organizationId), organizationId, { after, limit, types });
  describe('is written', () => {
    it('without a gap by sixteen writers at once, in the order of their commits: who reads along misses nothing', async () => {
      const organizationId = await organization();
      let written = 0;
      const writer = async (_: unknown, index: number): Promise<void> => {
        for (let round = 0; round < 6; round++) {
          const count = 1 + ((index + round) % 3);
          const isUndone = (index + round) % 4 === 0;
          const writing = write(organizationId, count, async () => {
            if (isUndone) throw new Error('undone');
          });
          if (isUndone) await expect(writing).rejects.toThrow('undone');
          else await writing.then(() => (written += count));
        }
      };
      let isOver = false;
      const all = Promise.all(Array.from({ length: 16 }, writer)).finally(() => (isOver = true));
      const seen: number[] = [];
      for (let after = 0, isLast = false; !isLast;) {
        const wasOver = isOver;
        const page = await next(organizationId, after, 7);
        seen.push(...page.events.map(({ sequence }) => sequence));
        after = page.lastSequence;
        isLast = wasOver && !page.hasMore;
      }
      await all;
      expect(written).toBeGreaterThan(100);
      expect(seen).toEqual(upTo(written));
      await expect(sequencesOf(organizationId)).resolves.toEqual(upTo(written));
    });

    it('not by what was rolled back, and by what was run again once', async () => {
      const organizationId = await organization();
      await expect(write(organizationId, 3, () => Promise.reject(new Error('undone')))).rejects.toThrow('undone');
      let runs = 0;
      await write(organizationId, 2, async (tx) => {
        if (++runs < 3) await tx.execute(`DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$`);
      });
      await expect(sequencesOf(organizationId)).resolves.toEqual([1, 2]);
    });

    it('not by what a savepoint took back', async () => {
      const organizationId = await organization();
      const [kept, undone] = [newId(), newId()];
      await unitOfWork.run(ofOrganization(organizationId), async (tx) => {
        const failing = tx.savepoint(async () => {
          log.record(tx, noteOf(organizationId, undone));
          log.recordLatest(tx, noteOf(organizationId, kept, 'closed'));
          throw new Error('undone');
        });
        await expect(failing).rejects.toThrow('undone');
        await tx.savepoint(async () => log.recordLatest(tx, noteOf(organizationId, kept)));
      });
      const { events } = await next(organizationId);
      expect(events.map(({ subjectId, data }) => [subjectId, 'status' in data && data.status])).toEqual([
        [kept, 'active'],
      ]);
    });

    it('with the last of several values of a subject, where that came to be', async () => {
      const organizationId = await organization();
      const [a, b] = [newId(), newId()];
      await unitOfWork.run(ofOrganization(organizationId), async (tx) => {
        log.recordLatest(tx, noteOf(organizationId, a, 'frozen'));
        log.recordLatest(tx, noteOf(organizationId, b));
        log.recordLatest(tx, noteOf(organizationId, a, 'closed'));
      });
      await unitOfWork.run(ofOrganization(organizationId), async (tx) =>
        log.recordLatest(tx, noteOf(organizationId, a)),
      );
      const told = (await next(organizationId)).events.map(({ subjectId, data }) => [
        subjectId,
        'status' in data && data.status,
      ]);
      expect(told).toEqual([
        [b, 'active'],
        [a, 'closed'],
        [a, 'active'],
      ]);
    });

    it('for each organization of its own, by transactions that touch two in any order, none of which waits for the other', async () => {
      const both = [await organization(), await organization()];
      let runs = 0;
      const touch = (order: readonly string[]): Promise<void> =>
        unitOfWork.run(PLATFORM, async (tx) => {
          runs++;
          for (const organizationId of order) log.record(tx, noteOf(organizationId));
        });
      await Promise.all(Array.from({ length: 20 }, (_, index) => touch(index % 2 === 0 ? both : [...both].reverse())));
      expect(runs).toBe(20);
      for (const organizationId of both) await expect(sequencesOf(organizationId)).resolves.toEqual(upTo(20));
    });
  });

  describe('of another organization', () => {
    it('cannot be written or read, and discovery sees no more than numbers and times', async () => {
      const [mine, theirs] = [await organization(), await organization()];
      await write(theirs);
      const forging = unitOfWork.run(ofOrganization(mine), async (tx) => log.record(tx, noteOf(theirs)));
      await expect(forging).rejects.toMatchObject({ code: '42501' });
      await expect(sequencesOf(theirs)).resolves.toEqual([1]);
      const reading = reads.next(app.get(Database).of(mine), theirs, { after: 0, limit: 10, types: ALL });
      await expect(reading).resolves.toEqual({ events: [], lastSequence: 0, hasMore: false });
      const discovery = app.get(Database).as(DISCOVERY);
      await expect(discovery.query(`SELECT data FROM events`)).rejects.toMatchObject({ code: '42501' });
    });
  });

  it('ends a read that finds nothing, and says where to go on', async () => {
    const organizationId = await organization();
    await owner.execute(
      `INSERT INTO events (organization_id, sequence, size, type, subject_id, data, occurred_at)
       SELECT $1, n, 1, 'account.opened', $1, '{}', now() FROM generate_series(1, 10200) AS n`,
      [organizationId],
    );
    await owner.execute(`INSERT INTO event_heads VALUES ($1, 10200)`, [organizationId]);
    await unitOfWork.run(ofOrganization(organizationId), async (tx) => {
      const data = { api_key_id: organizationId };
      log.record(tx, { organizationId, type: 'api_key.created', subjectId: organizationId, data });
    });
    const rare = typesOf(['api_key.*']);
    const first = await next(organizationId, 0, 10, rare);
    expect(first).toEqual({ events: [], lastSequence: 10_000, hasMore: true });
    const second = await next(organizationId, first.lastSequence, 10, rare);
    expect(second).toMatchObject({ events: [{ sequence: 10_201 }], lastSequence: 10_201, hasMore: false });
  });

  it('forgets what is too old, and neither tells nor gives its numbers again', async () => {
    const organizationId = await organization();
    await write(organizationId, 4);
    const aged = `UPDATE events SET occurred_at = now() - make_interval(days => $2) WHERE organization_id = $1 AND sequence = $3`;
    for (const [days, sequence] of [
      [91, 1],
      [91, 2],
      [89, 3],
    ])
      await owner.execute(aged, [organizationId, days, sequence]);
    for (const consumer of ['webhooks', 'notifications']) await runLoop(app, `events-for-${consumer}`);
    await runLoop(app, 'purge-events');
    await expect(sequencesOf(organizationId)).resolves.toEqual([3, 4]);
    await write(organizationId);
    const { events, lastSequence } = await next(organizationId);
    expect([events.map(({ sequence }) => sequence), lastSequence]).toEqual([[3, 4, 5], 5]);
    await owner.execute(`DELETE FROM events WHERE organization_id = $1`, [organizationId]);
    await expect(next(organizationId)).resolves.toEqual({ events: [], lastSequence: 5, hasMore: false });
    // For the invariants at the end, which hold every log against its head.
    await owner.execute(`DELETE FROM event_heads WHERE organization_id = $1`, [organizationId]);
  });
});
