import type { INestApplicationContext } from '@nestjs/common';
import {
  type Event,
  type EventConsumer,
  EventLog,
  type EventType,
  FollowEvents,
  typesOf,
} from '../../src/modules/events/index.js';
import { newId } from '../../src/domain/ids.js';
import { ofOrganization, type Queryable, type Tx, UnitOfWork } from '../../src/platform/database/index.js';
import { Metrics } from '../../src/platform/metrics/index.js';
import { createOrganization } from '../factories/organizations.js';
import { runLoop } from '../support/engine-steps.js';
import { eventually } from '../support/eventually.js';
import { ownerOf } from '../support/owner.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const ALL = typesOf(['*']);

/** Writes down what it is shown, in the transaction it is given. */
class Notebook implements EventConsumer {
  types: ReadonlySet<EventType> | null = ALL;
  /** Asked while it is shown something; what it throws is a crash. */
  whileHandling: (tx: Tx, organizationId: string) => Promise<void> = async () => undefined;
  whileAsked: (organizationId: string) => Promise<void> = async () => undefined;

  constructor(readonly name: string) {}

  async interest(_: Queryable, organizationId: string): Promise<ReadonlySet<EventType> | null> {
    const { types } = this;
    await this.whileAsked(organizationId);
    return types;
  }

  async handle(tx: Tx, organizationId: string, events: readonly Event[]): Promise<void> {
    for (const { sequence } of events) {
      await tx.execute(`INSERT INTO notebook (consumer, organization_id, sequence) VALUES ($1, $2, $3)`, [
        ...[this.name, organizationId, sequence],
      ]);
    }
    await this.whileHandling(tx, organizationId);
  }
}

describe('followers of the event log', () => {
  let worker: TestWorker;
  let app: INestApplicationContext;
  let owner: Queryable;
  let log: EventLog;
  beforeAll(async () => {
    worker = await startTestWorker({}, { working: false });
    ({ app } = worker);
    owner = ownerOf(app);
    log = app.get(EventLog, { strict: false });
    await owner.execute(`CREATE TABLE notebook (id serial, consumer text, organization_id uuid, sequence int);
      GRANT SELECT, INSERT ON notebook TO tranche_organization;
      GRANT USAGE ON SEQUENCE notebook_id_seq TO tranche_organization`);
  });
  afterAll(() => worker.close());

  const organization = async (): Promise<string> => (await createOrganization(app)).id;
  const write = (organizationId: string, count = 1, type: 'account.opened' | 'account.verified' = 'account.opened') =>
    app.get(UnitOfWork).run(ofOrganization(organizationId), async (tx) => {
      for (let i = 0; i < count; i++) {
        const data = { account_id: newId(), currency: 'EUR', status: 'active' };
        log.record(tx, { organizationId, type, subjectId: data.account_id, data });
      }
    });
  const seen = async ({ name }: Notebook, organizationId: string): Promise<number[]> =>
    (
      await owner.query<{ sequence: number }>(
        `SELECT sequence FROM notebook WHERE consumer = $1 AND organization_id = $2 ORDER BY id`,
        [name, organizationId],
      )
    ).map(({ sequence }) => sequence);
  const added = (name: string): Notebook => {
    const notebook = new Notebook(name);
    app.get(FollowEvents, { strict: false }).add(notebook);
    return notebook;
  };
  const turn = ({ name }: Notebook): Promise<void> => runLoop(app, `events-for-${name}`);
  const unseen = async ({ name }: Notebook): Promise<number> => {
    const text = await app.get(Metrics).registry.getSingleMetricAsString(`events_unseen_by_${name}`);
    return Number(/^events_unseen_by_\w+ (\d+)$/m.exec(text)?.[1]);
  };
  const upTo = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

  it('see every event once and in order, two of them at once, while it is written, whatever dies in the middle', async () => {
    const notebook = added('crashers');
    const organizations = await Promise.all(upTo(3).map(organization));
    let looks = 0;
    notebook.whileHandling = async (tx) => {
      looks++;
      if (looks % 3 === 0) throw new Error('died');
      if (looks % 5 !== 0) return;
      // The connection of a process that was killed.
      const [backend] = await tx.query<{ pid: number }>(`SELECT pg_backend_pid() AS pid`);
      await owner.query(`SELECT pg_terminate_backend($1)`, [backend?.pid]);
    };
    const writing = Promise.all(
      organizations.map(async (id) => {
        for (let round = 0, written = 0; round < 25; round++) {
          await write(id, 1 + (round % 4));
          written += 1 + (round % 4);
          // However fast they write, there is something to look at more than once.
          const isSeen = async () => (await seen(notebook, id)).length === written;
          if (round % 8 === 0) await eventually(isSeen, { what: 'what was written to be seen' });
        }
      }),
    );
    let isOver = false;
    void writing.finally(() => (isOver = true));
    const process = () =>
      eventually(
        async () => {
          const wasOver = isOver;
          await turn(notebook);
          return wasOver && (await unseen(notebook)) === 0;
        },
        { what: 'everything to be seen' },
      );
    await Promise.all([writing, process(), process()]);
    expect(looks).toBeGreaterThan(10);
    const total = upTo(25).reduce((sum, round) => sum + 1 + ((round - 1) % 4), 0);
    for (const id of organizations) await expect(seen(notebook, id)).resolves.toEqual(upTo(total));
    notebook.whileHandling = async () => undefined;
  });

  it('are shown a long log in parts, and then nothing again', async () => {
    const notebook = added('readers');
    const id = await organization();
    await write(id, 1_234);
    let parts = 0;
    notebook.whileHandling = async (_, organizationId) => void (parts += organizationId === id ? 1 : 0);
    await turn(notebook);
    await expect(seen(notebook, id)).resolves.toEqual(upTo(1_234));
    expect(parts).toBeGreaterThan(1);
    const before = parts;
    await turn(notebook);
    expect(parts).toBe(before);
  });

  it('do not wait for an organization with which something is the matter', async () => {
    const notebook = added('stumblers');
    const [bad, ...good] = await Promise.all(upTo(6).map(organization));
    for (const id of [bad ?? '', ...good]) await write(id, 2);
    notebook.whileHandling = async (_, organizationId) => {
      if (organizationId === bad) throw new Error('a bug');
    };
    await turn(notebook);
    for (const id of good) await expect(seen(notebook, id)).resolves.toEqual([1, 2]);
    await expect(seen(notebook, bad ?? '')).resolves.toEqual([]);
    await expect(unseen(notebook)).resolves.toBe(2);
    notebook.whileHandling = async () => undefined;
    await eventually(async () => turn(notebook).then(async () => (await unseen(notebook)) === 0), {
      what: 'it to be tried again',
    });
    await expect(seen(notebook, bad ?? '')).resolves.toEqual([1, 2]);
  });

  it('find what they have not seen, however old it is: only what all of them have seen is deleted for its age', async () => {
    const notebook = added('late_ones');
    const [id, other] = [await organization(), await organization()];
    for (const one of [id, other]) await write(one, 2);
    // What stood still when its consumer was taken out of the code.
    await owner.execute(`INSERT INTO event_cursors VALUES ('former', $1, 1), ('former', $2, 0)`, [id, other]);
    await owner.execute(
      `UPDATE events SET occurred_at = now() - interval '91 days' WHERE organization_id IN ($1, $2)`,
      [...[id, other]],
    );
    const kept = async () => {
      await runLoop(app, 'purge-events');
      const [row] = await owner.query<{ first: number; second: number }>(
        `SELECT count(*) FILTER (WHERE organization_id = $1)::int AS first,
                count(*) FILTER (WHERE organization_id = $2)::int AS second FROM events`,
        [id, other],
      );
      return [row?.first, row?.second];
    };
    // Nobody has come to them yet.
    await expect(kept()).resolves.toEqual([2, 2]);
    const { consumers } = app.get(FollowEvents, { strict: false });
    const others = consumers.filter((name) => name !== notebook.name);
    expect(others).toEqual(expect.arrayContaining(['webhooks', 'notifications']));
    for (const name of others) await runLoop(app, `events-for-${name}`);
    await expect(kept()).resolves.toEqual([2, 2]);
    notebook.whileHandling = async (_, organizationId) => {
      if (organizationId === other) throw new Error('a bug');
    };
    await turn(notebook);
    await expect(kept()).resolves.toEqual([0, 2]);
    await expect(seen(notebook, id)).resolves.toEqual([1, 2]);
    notebook.whileHandling = async () => undefined;
    await eventually(async () => turn(notebook).then(async () => (await unseen(notebook)) === 0), {
      what: 'it to be tried again',
    });
    await expect(kept()).resolves.toEqual([0, 0]);
    await expect(seen(notebook, other)).resolves.toEqual([1, 2]);
  });

  it('pass over what happens while they are interested in nothing', async () => {
    const notebook = added('sleepers');
    const id = await organization();
    await write(id, 3);
    notebook.types = null;
    await turn(notebook);
    await expect(unseen(notebook)).resolves.toBe(0);
    notebook.types = ALL;
    await write(id, 2);
    await turn(notebook);
    await expect(seen(notebook, id)).resolves.toEqual([4, 5]);
  });

  it.each<[string, ReadonlySet<EventType> | null]>([
    ['nothing', null],
    ['something else', typesOf(['account.opened'])],
  ])('miss nothing that happens right after they said to be interested in %s', async (what, before) => {
    const notebook = added(`${what.replaceAll(' ', '_')}_listeners`);
    const id = await organization();
    await write(id);
    notebook.types = before;
    // Between their answer and the reading of the log, somebody subscribes, and then something happens.
    notebook.whileAsked = async (organizationId) => {
      if (organizationId !== id || notebook.types === ALL) return;
      notebook.types = ALL;
      await write(id, 1, 'account.verified');
    };
    await turn(notebook);
    await turn(notebook);
    expect((await seen(notebook, id)).at(-1)).toBe(2);
  });
});
