import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { createApi } from '../../src/app/create-api.js';
import { loadConfig } from '../../src/config/config.schema.js';
import { newId } from '../../src/domain/ids.js';
import { EventFeed } from '../../src/modules/events/application/event-feed.js';
import { EventLog, typesOf } from '../../src/modules/events/index.js';
import { EventRepository } from '../../src/modules/events/persistence/event.repository.js';
import { ofOrganization, UnitOfWork } from '../../src/platform/database/index.js';
import { Metrics } from '../../src/platform/metrics/index.js';
import { Wake } from '../../src/platform/queue/index.js';
import { createApiKey, createFundedAccount, createOrganization, moveBankMoney } from '../factories/organizations.js';
import { bulk, lines, unlike } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import {
  type EventListener,
  type HeardEvent,
  listenAt,
  type ListenOptions,
  openStreams,
  stuff,
} from '../support/event-listener.js';
import { eventually } from '../support/eventually.js';

const ALL = '?types=bulk_request.*,transfer.*';

describe('watching live', () => {
  let acme: Acme;
  const listeners: EventListener[] = [];
  const apps: NestFastifyApplication[] = [];

  beforeAll(async () => {
    acme = await startAcme({ CHUNK_SIZE: '100' }, { workerEnv: { DISPATCH_IN_FLIGHT: '1' } });
    await acme.api.app.listen(0, '127.0.0.1');
  });
  afterEach(async () => {
    for (const listener of listeners.splice(0)) listener.close();
    for (const app of apps.splice(0)) await app.close();
  });
  afterAll(() => acme.close());

  const listen = async (
    path: string,
    { app = acme.api.app, ...options }: Partial<ListenOptions> & { app?: NestFastifyApplication } = {},
  ): Promise<EventListener> => {
    const listener = await listenAt(app, path, { key: acme.key, ...options });
    listeners.push(listener);
    return listener;
  };
  /** Another API process' worth of application on the same database. */
  const anotherApi = async (env: Record<string, string> = {}): Promise<NestFastifyApplication> => {
    const before = { ...process.env };
    Object.assign(process.env, env);
    const app = await createApi(loadConfig(process.env)).finally(() => (process.env = before));
    apps.push(app);
    await app.listen(0, '127.0.0.1');
    return app;
  };
  const submit = async (count: number, test: string, description = 'Salary'): Promise<string> => {
    const credit_transfers = lines(count, () => ({ description }));
    return (await acme.submit(bulk({ credit_transfers, ...unlike(test) }))).id;
  };
  const hears = (listener: EventListener, event: string): Promise<true | undefined> =>
    eventually(() => listener.hasHeard(event) || undefined, { what: `${event} to be heard` });
  /** What the log says of a bulk request, as `GET /events` shows it. */
  const logOf = async (id: string, types = 'bulk_request.*,transfer.*'): Promise<HeardEvent['data'][]> => {
    const told: HeardEvent['data'][] = [];
    for (let after = 0, hasMore = true; hasMore;) {
      const { body } = await acme.call(`/events?after=${after}&types=${types}&limit=1000`);
      told.push(...(body.data as HeardEvent['data'][]));
      [after, hasMore] = [body.last_sequence as number, body.has_more as boolean];
    }
    return told.filter(({ data }) => (data as { bulk_request_id: string }).bulk_request_id === id);
  };

  it('tells a bulk request from its beginning to its end, as GET /events does, at both of its addresses', async () => {
    const id = await submit(250, 'to the end', 'sandbox:slow:50');
    const [all, other, usual] = await Promise.all([
      listen(`/bulk-requests/${id}/events${ALL}`),
      listen(`/transfers/bulk/${id}/events${ALL}`),
      listen(`/bulk-requests/${id}/events`),
    ]);
    for (const listener of [all, other, usual]) await hears(listener, 'bulk_request.completed');
    const told = await logOf(id);
    expect(told.filter(({ type }) => type === 'transfer.settled')).toHaveLength(250);
    expect(all.events.map(({ data }) => data)).toEqual(told);
    expect(all.events.map(({ id: eventId, event }) => [eventId, event])).toEqual(
      told.map(({ sequence, type }) => [sequence, type]),
    );
    expect(other.events).toEqual(all.events);
    expect(usual.events).toEqual(all.events.filter(({ event }) => event.startsWith('bulk_request.')));
    expect(usual.events.map(({ event }) => event)).toContain('bulk_request.progressed');
    expect(all.text.startsWith('retry: 3000\n\nid: ')).toBe(true);
    expect([all.status, all.response.headers]).toMatchObject([
      200,
      {
        'content-type': 'text/event-stream',
        'cache-control': 'no-store',
        ...{ 'x-accel-buffering': 'no', 'x-content-type-options': 'nosniff' },
        connection: 'close',
        ratelimit: expect.any(String),
      },
    ]);
  });

  it('tells an account’s balance as it changes', async () => {
    const { organizationId } = acme;
    const { id } = await createFundedAccount(acme.api.app, { organizationId, amount: '10.00' });
    const changed = 'account.balance_changed';
    const listener = await listen(`/accounts/${id}/events`);
    await hears(listener, changed);
    await moveBankMoney(acme.api.app, { organizationId, accountId: id, amount: '5.00' });
    await eventually(() => listener.events.length === 3, { what: 'the second deposit' });
    expect(listener.events.map(({ event }) => event)).toEqual(['account.opened', changed, changed]);
    expect(listener.events.at(-1)?.data.data).toMatchObject({ account_id: id, ...(await acme.balance(id)) });
  });

  it('refuses who may not listen, and what it does not understand, before anything is streamed', async () => {
    const id = await submit(1, 'refusals');
    await acme.ended(id);
    const other = await createOrganization(acme.api.app);
    const { secret: theirs } = await createApiKey(acme.api.app, { organizationId: other.id });
    const { secret: blind } = await createApiKey(acme.api.app, {
      organizationId: acme.organizationId,
      scopes: ['transfers:read'],
    });
    for (const path of [`/bulk-requests/${id}/events`, `/accounts/${acme.accountId}/events`]) {
      const refusal = async (options: Partial<ListenOptions>, query = ''): Promise<unknown> => {
        const listener = await listen(`${path}${query}`, options);
        await listener.ended;
        return [listener.status, (JSON.parse(listener.text) as { code: string }).code];
      };
      expect(await refusal({ key: theirs })).toEqual([404, 'not_found']);
      expect(await refusal({ key: blind })).toEqual([403, 'forbidden']);
      expect(await refusal({ key: 'trk_0000_nobody' })).toEqual([401, 'unauthenticated']);
      for (const lastEventId of ['-1', '1.5', 'evt_1', '01', '99999999999999999', ' ']) {
        expect([lastEventId, await refusal({ lastEventId })]).toEqual([lastEventId, [400, 'invalid_request']]);
      }
      expect(await refusal({}, '?types=bulk_request.nothing')).toEqual([400, 'invalid_request']);
      const head = await listen(path, { method: 'HEAD' });
      await head.ended;
      expect([head.status, head.response.headers['content-type'], head.text]).toEqual([200, 'text/event-stream', '']);
    }
    await eventually(() => openStreams(acme.api.app).length === 0, { what: 'all streams to be closed' });
  });

  it('is resumed after a restart of the API: nothing is missing, nothing comes twice', async () => {
    const first = await anotherApi();
    const id = await submit(400, 'restart', 'sandbox:slow:100');
    const before = await listen(`/bulk-requests/${id}/events${ALL}`, { app: first });
    await eventually(() => before.events.length > 50, { what: 'the first lines' });
    await first.close();
    apps.pop();
    await before.ended;
    expect(before.hasHeard('bulk_request.completed')).toBe(false);
    const second = await anotherApi();
    const lastEventId = before.ids().at(-1) ?? 0;
    const after = await listen(`/bulk-requests/${id}/events${ALL}`, { app: second, lastEventId });
    await hears(after, 'bulk_request.completed');
    const told = await logOf(id);
    expect([...before.ids(), ...after.ids()]).toEqual(told.map(({ sequence }) => sequence));
    expect(after.events.map(({ data }) => data)).toEqual(told.slice(before.events.length));
  });

  it('works at every process, and listens to Redis only while somebody watches', async () => {
    const second = await anotherApi();
    const subscriber = () => second.get<{ subscriber?: { status: string } }>(Wake).subscriber?.status;
    expect(subscriber()).toBeUndefined();
    const id = await submit(3, 'two processes', 'sandbox:slow:200');
    const [here, there] = await Promise.all([
      listen(`/bulk-requests/${id}/events${ALL}`),
      listen(`/bulk-requests/${id}/events${ALL}`, { app: second }),
    ]);
    await eventually(() => subscriber() === 'ready', { what: 'the second process to listen' });
    for (const listener of [here, there]) await hears(listener, 'bulk_request.completed');
    expect(there.events).toEqual(here.events);
    there.close();
    await eventually(() => subscriber() === undefined, { what: 'the second process to stop listening' });
  });

  it('says that it is alive, ends with its process, and has room for so many of an organization', async () => {
    const app = await anotherApi({ SSE_HEARTBEAT_MS: '50', SSE_MAX_WATCHERS: '8' });
    const path = `/accounts/${acme.accountId}/events`;
    const [first, second] = await Promise.all([listen(path, { app }), listen(path, { app })]);
    await eventually(() => first.heartbeats > 2 && second.heartbeats > 2, { what: 'heartbeats' });
    const third = await listen(path, { app });
    await third.ended;
    expect([third.status, third.response.headers['retry-after'], JSON.parse(third.text)]).toMatchObject([
      ...[503, '10'],
      { code: 'too_many_watchers', status: 503 },
    ]);
    expect(await app.get(Metrics).registry.metrics()).toMatch(/^sse_watchers 2$/m);
    first.close();
    await eventually(() => openStreams(app).length === 1, { what: 'the place to be free' });
    const fourth = await listen(path, { app });
    expect(fourth.status).toBe(200);
    await app.close();
    apps.pop();
    await Promise.all([second.ended, fourth.ended]);
  });

  it('cuts off who does not read, however long it would stay', async () => {
    const app = await anotherApi({ SSE_HEARTBEAT_MS: '50' });
    const listener = await listen(`/accounts/${acme.accountId}/events`, { app });
    await hears(listener, 'account.opened');
    await stuff(app, listener);
    await eventually(() => openStreams(app).length === 0, { what: 'the stream to be cut' });
  });

  it('does not let a slow reader delay others, nor keeps what it does not read', async () => {
    const id = await submit(500, 'slow reader', 'sandbox:slow:50');
    const fast = await listen(`/bulk-requests/${id}/events${ALL}`);
    const slow = await listen(`/bulk-requests/${id}/events${ALL}`);
    const stream = await stuff(acme.api.app, slow);
    const waiting = stream.body.readableLength;
    await hears(fast, 'bulk_request.completed');
    const told = (await logOf(id)).map(({ sequence }) => sequence);
    expect(fast.ids()).toEqual(told);
    expect([stream.isReady, stream.body.readableLength]).toEqual([false, waiting]);
    slow.response.resume();
    await hears(slow, 'bulk_request.completed');
    expect(slow.ids()).toEqual(told);
  });

  it('has room for a thousand watchers of one process', async () => {
    const ids = await Promise.all(Array.from({ length: 10 }, (_, n) => submit(10, `crowd ${n}`)));
    const watched = ids.flatMap((id) => Array.from({ length: 100 }, () => id));
    const crowd = await Promise.all(watched.map((id) => listen(`/bulk-requests/${id}/events${ALL}`)));
    expect(openStreams(acme.api.app).length).toBe(1_000);
    await eventually(() => crowd.every((one) => one.hasHeard('bulk_request.completed')), {
      what: 'all to hear the end',
    });
    for (const [index, id] of ids.entries()) {
      const told = (await logOf(id)).map(({ sequence }) => sequence).join();
      const heard = crowd.filter((_, place) => watched[place] === id).map((listener) => listener.ids().join());
      expect([index, heard.length, ...new Set(heard)]).toEqual([index, 100, told]);
    }
  }, 60_000);

  it('reads once for a thousand watchers of a thousand stories', async () => {
    const { app } = acme.api;
    const { id: organizationId } = await createOrganization(app);
    const subjectIds = Array.from({ length: 1_000 }, () => newId());
    const read = jest.spyOn(app.get(EventRepository), 'listOfStories');
    const seen = new Map<string, string[]>();
    const watching = subjectIds.map((subjectId) =>
      app.get(EventFeed).watch({
        ...{ organizationId, subjectId, types: typesOf(['bulk_request.*']), after: 0 },
        take: (events) => {
          seen.set(subjectId, [
            ...(seen.get(subjectId) ?? []),
            ...events.map(({ subjectId: of, type }) => `${of} ${type}`),
          ]);
          return true;
        },
      }),
    );
    const happens = (type: 'bulk_request.paused' | 'bulk_request.processing'): Promise<void> =>
      app.get(UnitOfWork).run(ofOrganization(organizationId), async (tx) => {
        for (const subjectId of subjectIds) {
          const data = { bulk_request_id: subjectId, previous_status: 'processing', status: 'paused' };
          app.get(EventLog).record(tx, { organizationId, type, subjectId, data });
        }
      });
    await happens('bulk_request.paused');
    await eventually(() => seen.size === 1_000, { what: 'all to be told' });
    const readsBefore = read.mock.calls.length;
    await happens('bulk_request.processing');
    await eventually(() => [...seen.values()].every((types) => types.length === 2), { what: 'all to be told again' });
    expect(read.mock.calls.length - readsBefore).toBe(1);
    for (const [subjectId, events] of seen) {
      expect(events).toEqual([`${subjectId} bulk_request.paused`, `${subjectId} bulk_request.processing`]);
    }
    for (const one of watching) one.end();
  });

  it('ends when the key is revoked or expires, and not for others', async () => {
    const { organizationId, api } = acme;
    const path = `/accounts/${acme.accountId}/events`;
    const revoked = await createApiKey(api.app, { organizationId });
    const expiring = await createApiKey(api.app, {
      organizationId,
      expiresAt: new Date(Date.now() + 1_500).toISOString(),
    });
    const [leaving, late, staying] = await Promise.all([
      listen(path, { key: revoked.secret }),
      listen(path, { key: expiring.secret }),
      listen(path),
    ]);
    expect([leaving.status, late.status, staying.status]).toEqual([200, 200, 200]);
    const keyPath = `/organizations/${organizationId}/api-keys/${revoked.id}`;
    expect((await api.call(keyPath, { method: 'DELETE', key: api.adminKey })).status).toBeLessThan(300);
    await Promise.all([leaving.ended, late.ended]);
    expect(openStreams(acme.api.app).length).toBe(1);
    expect((await listen(path, { key: revoked.secret })).status).toBe(401);
    const { posted } = await acme.balance();
    await moveBankMoney(api.app, { organizationId, accountId: acme.accountId, amount: '1.00' });
    const last = () => staying.events.at(-1)?.data.data as { posted: string } | undefined;
    await eventually(() => last()?.posted === (Number(posted) + 1).toFixed(2), { what: 'the deposit' });
  });
});
