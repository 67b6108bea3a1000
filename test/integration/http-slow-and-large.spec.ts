import type { Socket } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { eventually } from '../support/eventually.js';
import { KEYS, startHttpApp } from '../support/http-app.js';
import { openRaw, postHead, type RawConnection } from '../support/raw-http.js';

const MIB = 1_048_576;
const DRIP_MS = 10;
const writer = `Bearer ${KEYS.writer}`;
const THINGS = '/api/v1/things';
const thing = JSON.stringify({ title: 'a', lines: [{ name: 'a', amount: '1' }] });

let app: NestFastifyApplication;
let connection: RawConnection;

/** One byte after the other until the connection ends. */
async function drip({ socket, send, ended }: RawConnection): Promise<string> {
  const dripping = setInterval(() => send(' '), DRIP_MS);
  socket.once('close', () => clearInterval(dripping));
  return ended;
}

describe('what arrives too slowly', () => {
  beforeAll(async () => {
    app = await startHttpApp({ HTTP_HEADERS_TIMEOUT_MS: '200', HTTP_BODY_TIMEOUT_MS: '200' });
  });
  afterAll(() => app.close());
  beforeEach(async () => {
    connection = await openRaw(app);
  });
  afterEach(() => connection.socket.destroy());

  it('as a body is answered 408, and the connection closed', async () => {
    connection.send(postHead(THINGS, { Authorization: writer, 'Content-Length': 100_000 }), thing);
    const answer = await drip(connection);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('"code":"request_timeout"');
    expect(answer.toLowerCase()).toContain('\r\nconnection: close\r\n');
    expect(answer.toLowerCase()).toContain('\r\ncontent-security-policy: ');
  });

  it('in chunks likewise', async () => {
    connection.send(postHead(THINGS, { Authorization: writer, 'Transfer-Encoding': 'chunked' }), '1\r\n{\r\n');
    const dripping = setInterval(() => connection.send('1\r\n \r\n'), DRIP_MS);
    const answer = await connection.ended;
    clearInterval(dripping);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('or not at all, likewise', async () => {
    connection.send(postHead(THINGS, { Authorization: writer, 'Content-Length': 100 }));
    expect(await connection.ended).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('behind a refusal is not waited for either', async () => {
    connection.send(postHead(THINGS, { 'Content-Length': 100_000 }));
    expect(await drip(connection)).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('as headers is answered 408', async () => {
    connection.send('GET /docs HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const answer = await drip(connection);
    expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/);
    expect(answer).toContain('"code":"request_timeout"');
    expect(answer.toLowerCase()).toContain('\r\nx-content-type-options: nosniff\r\n');
  });

  it('but not what pauses, and is done in time', async () => {
    connection.send(postHead(THINGS, { Authorization: writer, 'Content-Length': thing.length, Connection: 'close' }));
    connection.send(thing.slice(0, 9));
    await eventually(() => connection.socket.bytesWritten > 0, { what: 'the first piece to be sent' });
    connection.send(thing.slice(9));
    expect(await connection.ended).toMatch(/^HTTP\/1\.1 201 /);
  });
});

describe('large bodies', () => {
  /** What the schema refuses, when it is read at all. */
  const large = `{"x":"${'x'.repeat(100_000)}"${`,"y":"${'y'.repeat(100_000)}"`.repeat(11)}}`;
  let arrived = 0;
  /** The server's ends of the connections. */
  const sockets: Socket[] = [];
  beforeAll(async () => {
    app = await startHttpApp({ LARGE_BODIES_AT_ONCE: '2', BODY_LIMIT_BYTES: String(2 * MIB) });
    app.getHttpServer().on('request', () => (arrived += 1));
    app.getHttpServer().on('connection', (socket: Socket) => sockets.push(socket));
    expect(large.length).toBeGreaterThan(MIB);
  });
  beforeEach(() => {
    arrived = 0;
    sockets.length = 0;
  });
  afterEach(() => sockets.forEach((socket) => socket.destroy()));
  afterAll(() => app.close());

  const head = (length: number): string => postHead(THINGS, { Authorization: writer, 'Content-Length': length });
  const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;
  const answerTo = async (payload: string) => {
    const headers = { authorization: writer, 'content-type': 'application/json' };
    const answer = await app.inject({ method: 'POST', url: THINGS, headers, payload });
    return { status: answer.statusCode, code: answer.json<{ code?: string }>().code, headers: answer.headers };
  };
  const isFull = async (): Promise<boolean> => (await answerTo(large)).status === 503;

  it('beyond those under way are refused unread, small ones are not, and a slot is free again afterwards', async () => {
    const [first, second] = [await openRaw(app), await openRaw(app)];
    expect(await isFull()).toBe(false);
    for (const { send } of [first, second]) send(head(large.length), large.slice(0, 1_000));
    await eventually(() => arrived === 2, { what: 'both to arrive' });
    expect(await isFull()).toBe(true);
    expect(await answerTo(large)).toMatchObject({ code: 'unavailable', headers: { 'retry-after': '1' } });
    expect((await answerTo(thing)).status).toBe(201);
    const third = await openRaw(app);
    third.send(head(large.length), large.slice(0, 1_000));
    await eventually(() => third.received.startsWith('HTTP/1.1 503 '), { what: 'the third to be refused' });
    third.send(large.slice(1_000), head(thing.length), thing); // what is left is thrown away, the connection lives on
    await eventually(() => third.received.includes('HTTP/1.1 201 '), { what: 'the connection to be used again' });
    expect(await answerTo('x'.repeat(2 * MIB + 1))).toMatchObject({ status: 413 });
    first.send(large.slice(1_000));
    await eventually(() => first.received.includes('"invalid_json"'), { what: 'the first to be read' });
    expect(await isFull()).toBe(false);
    second.socket.destroy();
    first.send(head(large.length), large.slice(0, 1_000));
    await eventually(async () => !(await isFull()), { what: 'the slot of a connection that broke to be free' });
    first.socket.destroy();
    await first.ended;
  });

  it('count once they are large, when they do not say it before', async () => {
    const chunked = postHead(THINGS, { Authorization: writer, 'Transfer-Encoding': 'chunked' });
    const connections = [await openRaw(app), await openRaw(app), await openRaw(app)] as const;
    const [first, second, third] = connections;
    for (const { send } of [first, second]) send(chunked, chunk(large));
    const bytesRead = (): number => sockets.reduce((sum, socket) => sum + socket.bytesRead, 0);
    await eventually(() => bytesRead() > 2 * large.length, { what: 'both to have become large' });
    expect(await isFull()).toBe(true);
    third.send(chunked, chunk(large), '0\r\n\r\n');
    await eventually(() => third.received.startsWith('HTTP/1.1 503 '), { what: 'the third to be refused' });
    expect(third.received).toContain('"code":"unavailable"');
    for (const { send, socket } of [first, second]) {
      send('0\r\n\r\n');
      socket.end();
    }
    expect(await first.ended).toMatch(/^HTTP\/1\.1 400 /);
    third.socket.destroy();
  });
});
