import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Config } from '../../src/config/config.schema.js';
import type { EventStream } from '../../src/platform/http/event-stream.js';
import { EventStreams } from '../../src/platform/http/event-streams.js';
import type { Authenticator, Principal } from '../../src/platform/http/index.js';
import { setLogLevel } from '../../src/platform/logging/index.js';
import { Metrics } from '../../src/platform/metrics/index.js';
import { eventually } from '../support/eventually.js';
import { refusalOf } from '../support/refusal.js';

const HEARTBEAT_MS = 50;
const PLACES = 9;
/** A quarter of them, and what is left of it. */
const OF_ONE = 3;

/** What a stream is opened for, without all that a request meets before. */
const principalOf = (organizationId: string): Principal => ({
  ...{ kind: 'key', keyId: organizationId, organizationId, scopes: new Set(['accounts:read']), signingSecret: null },
  actor: { kind: 'key', id: organizationId, keyId: organizationId },
});

describe('the streams of a process', () => {
  let server: Server;
  let streams: EventStreams;
  const sockets: Socket[] = [];
  /** Decides what becomes of a request. */
  let handle: (request: IncomingMessage, response: ServerResponse) => void;

  beforeEach(async () => {
    setLogLevel('silent');
    const config = { SSE_HEARTBEAT_MS: HEARTBEAT_MS, SSE_MAX_WATCHERS: PLACES } as Config;
    const authenticator = { authenticate: async (organizationId: string) => principalOf(organizationId) };
    streams = new EventStreams(config, new Metrics(), authenticator as unknown as Authenticator);
    server = createServer((request, response) => handle(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await streams.beforeApplicationShutdown();
    server.closeAllConnections();
    server.close();
  });

  const opened = (): readonly { stream: EventStream }[] => [...(streams as unknown as { open: Set<never> }).open];
  const begin = (organizationId: string, request: IncomingMessage, raw: ServerResponse): EventStream => {
    const asked = { id: 'r', headers: request.headers, principal: principalOf(organizationId), organizationId };
    const reply = { raw, elapsedTime: 0, headers: () => undefined };
    return streams.begin({
      request: { ...asked, routeOptions: {} } as unknown as FastifyRequest,
      reply: reply as unknown as FastifyReply,
      scopes: ['accounts:read'],
    });
  };
  /** A client that reads when it is told to, and what is sent it. */
  const arrive = (): Promise<{ client: Socket; request: IncomingMessage; response: ServerResponse }> =>
    new Promise((resolve) => {
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      sockets.push(client);
      handle = (request, response) => resolve({ client, request, response });
      client.write('GET / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer trk_somebody\r\n\r\n');
    });
  const open = async (organizationId: string) => {
    const { client, request, response } = await arrive();
    const stream = begin(organizationId, request, response);
    stream.body.pipe(response);
    return { client, response, stream };
  };

  it('are not all of one organization', async () => {
    for (let place = 0; place < OF_ONE; place++) await open('acme');
    const { request, response } = await arrive();
    const refused = async (organizationId: string) =>
      refusalOf(Promise.resolve().then(() => begin(organizationId, request, response)));
    expect(await refused('acme')).toMatchObject({
      code: 'too_many_watchers',
      message: expect.stringContaining('of the organization'),
    });
    for (const other of ['b', 'c']) for (let place = 0; place < OF_ONE; place++) await open(other);
    expect(await refused('late')).toMatchObject({
      code: 'too_many_watchers',
      message: expect.stringContaining('no room'),
    });
    opened()[0]?.stream.cut();
    await open('late');
    expect(opened()).toHaveLength(PLACES);
  });

  it('have no place for a client that left before its stream began', async () => {
    const { client, request, response } = await arrive();
    client.destroy();
    await once(response, 'close');
    const stream = begin('acme', request, response);
    const ends: string[] = [];
    stream.onEnd(() => ends.push('at once'));
    expect([ends, opened(), stream.isReady]).toEqual([['at once'], [], false]);
  });

  it('end when nobody takes what they say', async () => {
    const { stream } = await open('acme');
    stream.body.destroy();
    await eventually(() => opened().length === 0, { what: 'the stream to end' });
  });

  it('end with the process, also one that waits behind another on its connection', async () => {
    const { client, stream } = await open('acme');
    client.resume();
    const second = new Promise<EventStream>((resolve) => {
      handle = (request, response) => resolve(begin('acme', request, response));
    });
    client.write('GET / HTTP/1.1\r\nhost: x\r\nauthorization: Bearer trk_somebody\r\n\r\n');
    const { isReady } = await second;
    expect([isReady, stream.isReady, opened().length]).toEqual([true, true, 2]);
    const closed = once(client, 'close');
    await streams.beforeApplicationShutdown();
    await closed;
  });

  it('are cut when nothing is taken of what waits, however little it is, and not when all of it is', async () => {
    const [stuck, reading] = [await open('acme'), await open('acme')];
    reading.client.resume();
    const piece = Buffer.from(`:${'x'.repeat(1_048_576)}\n\n`);
    let asks = 0;
    // One piece after the other, each when there is nothing left of the one before.
    const isFull = (): boolean => {
      asks = stuck.stream.takenWhileWaiting === null ? 0 : asks + 1;
      if (asks === 0 && stuck.stream.isReady) stuck.stream.write(piece, 0);
      return asks > 5 || opened().length < 2;
    };
    await eventually(isFull, { what: 'the sockets to be full' });
    expect(stuck.stream.body.readableLength).toBeLessThan(65_536);
    await eventually(() => opened().length === 1, { what: 'the stream to be cut' });
    expect(stuck.response.destroyed).toBe(true);
    let heartbeats = 0;
    reading.client.on('data', () => heartbeats++);
    await eventually(() => heartbeats > 6, { what: 'more heartbeats than a stalled reader is given' });
    expect(opened()[0]?.stream).toBe(reading.stream);
  });
});
