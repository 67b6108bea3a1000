import { createLogger } from '../../src/platform/logging/index.js';
import { type Network } from '../../src/platform/outbound/network.js';
import { selfSigned } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { endless, OK, ok, type Visit } from '../support/hostile-receiver.js';
import { namesLeadTo, OutboundLab } from '../support/outbound-lab.js';
import { unusedPort } from '../support/scripted-bank.js';

jest.mock('../../src/platform/logging/index.js', () => {
  const logger = { debug: jest.fn(), info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  return { ...jest.requireActual<object>('../../src/platform/logging/index.js'), createLogger: () => logger };
});

const logger = jest.mocked(createLogger('outbound'));
const logged = (): unknown[] => {
  const calls: unknown[][] = [logger.debug, logger.info, logger.warn, logger.error].flatMap(({ mock }) => mock.calls);
  return calls.flat();
};

const HOST = 'receiver.test';
const CERTIFICATE = selfSigned(HOST);
const LOCAL = ['127.0.0.1'];
const SHORT = { timeoutMs: 300 };
const to = (url: string) => ({ url, headers: { 'content-type': 'application/json' }, body: '{"a":"ü"}' });
const failed = (failure: string) => ({ kind: 'failed', failure, durationMs: expect.any(Number) });

let lab: OutboundLab;
beforeEach(() => {
  jest.clearAllMocks();
  lab = new OutboundLab();
});
afterEach(() => lab.close());

describe('a request to a customer', () => {
  it('sends what it was given, each on a connection of its own that is closed behind it', async () => {
    const receiver = await lab.receiver(ok);
    const client = lab.client();
    for (const path of ['/hooks/a?b=%20c', '/']) {
      const outcome = await client.post({ ...to(receiver.url + path), headers: { 'webhook-id': 'evt_1' } });
      expect(outcome).toEqual({
        kind: 'answered',
        status: 200,
        retryAfterMs: null,
        durationMs: expect.any(Number),
      });
    }
    const [first, second] = receiver.visits;
    expect(first?.head).toMatch(/^POST \/hooks\/a\?b=%20c HTTP\/1\.1\r\n/);
    expect(second?.head).toMatch(/^POST \/ HTTP\/1\.1\r\n/);
    const lines = first?.head.split('\r\n').slice(1) ?? [];
    expect(lines).toEqual(
      expect.arrayContaining(['webhook-id: evt_1', 'content-length: 10', `Host: 127.0.0.1:${receiver.port}`]),
    );
    expect(lines).toContainEqual(expect.stringMatching(/^user-agent: Tranche\/\d/));
    expect(Buffer.from(first?.body ?? '', 'latin1').toString()).toBe('{"a":"ü"}');
    expect(receiver.connections).toBe(2);
    await eventually(() => receiver.openConnections === 0, { what: 'the connections to be closed' });
  });

  it.each<[string, string, object]>([
    ['500', 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n', { status: 500, retryAfterMs: null }],
    ['410', 'HTTP/1.1 410 Gone\r\n\r\nnever again', { status: 410 }],
    ['429', 'HTTP/1.1 429 No\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n', { status: 429, retryAfterMs: 120_000 }],
    ['204', 'HTTP/1.1 204 OK\r\n\r\n', { status: 204 }],
    ['a final 200', 'HTTP/1.1 103 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', { status: 200 }],
    ['NUL and no UTF-8', 'HTTP/1.1 200 OK\r\n\r\na\0b', { status: 200 }],
    ['64 KB', `HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(65_536)}`, { status: 200 }],
  ])('takes %s for an answer', async (_, answer, outcome) => {
    const receiver = await lab.receiver(({ socket }) => socket.end(answer));
    expect(await lab.client().post(to(receiver.url))).toMatchObject({ kind: 'answered', ...outcome });
  });

  it.each<[string, (visit: Visit) => unknown]>([
    ['hangs', () => undefined],
    ['drips headers', endless(`${OK}A: `, 'a', 5)],
    ['drips its answer', endless(`${OK}\r\n`, 'a', 5)],
    ['puts off', endless('', 'HTTP/1.1 103 Wait\r\n\r\n', 5)],
  ])('ends in time when the receiver %s', async (_, answer) => {
    const receiver = await lab.receiver(answer);
    expect(await lab.client(SHORT).post(to(receiver.url))).toEqual(failed('timed_out'));
    expect(receiver.visits).toHaveLength(1);
    await eventually(() => receiver.openConnections === 0, { what: 'the connection to be closed' });
  });

  it.each<[string, (visit: Visit) => unknown, string]>([
    ['never ends its body', endless(`${OK}\r\n`, 'a'.repeat(9_999)), 'answer_too_large'],
    ['never ends its headers', endless(OK, 'A: b\r\n'.repeat(999)), 'answer_too_large'],
    ['sends a byte too many', ({ socket }) => socket.end(`${OK}\r\n${'a'.repeat(65_537)}`), 'answer_too_large'],
    ['closes without answering', ({ socket }) => socket.end(), 'connection_lost'],
    ['breaks off', ({ socket }) => socket.end(`${OK}Content-Length: 9\r\n\r\nok`), 'connection_lost'],
    ['resets', ({ socket }) => socket.resetAndDestroy(), 'connection_lost'],
    ['answers garbage', ({ socket }) => socket.write('\x00\x01 tranche'), 'connection_lost'],
    [
      'changes the protocol',
      ({ socket }) => socket.write('HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: x\r\n\r\n'),
      'connection_lost',
    ],
  ])('is given up when the receiver %s', async (_, answer, failure) => {
    const receiver = await lab.receiver(answer);
    expect(await lab.client().post(to(receiver.url))).toEqual(failed(failure));
    expect(receiver.visits).toHaveLength(1);
    await eventually(() => receiver.openConnections === 0, { what: 'the connection to be closed' });
  });

  it('fails where nobody listens, and where it has a header that cannot be sent', async () => {
    const url = `http://127.0.0.1:${await unusedPort()}/`;
    expect(await lab.client().post(to(url))).toEqual(failed('connection_failed'));
    const broken = { ...to(url), headers: { 'x-a': 'a\r\nb: c' } };
    expect(await lab.client().post(broken)).toEqual(failed('connection_failed'));
  });

  it('is counted and timed, and tells the log nothing of the URL but its origin', async () => {
    const receiver = await lab.receiver((visit) => (visit.head.includes('/gone') ? visit.socket.end() : ok(visit)));
    const client = lab.client();
    for (const url of [`${receiver.url}/s3cr3t`, `${receiver.url}/gone?s3cr3t`, 'http://u:s3cr3t@a.test', 's3cr3t'])
      await client.post(to(url));
    expect((await lab.samples('outbound_requests_total')).sort()).toEqual([
      'outbound_requests_total{outcome="2xx"} 1',
      'outbound_requests_total{outcome="address_not_allowed"} 2',
      'outbound_requests_total{outcome="connection_lost"} 1',
    ]);
    expect(await lab.samples('outbound_request_seconds_count')).toEqual(['outbound_request_seconds_count 4']);
    const duration = { duration_ms: expect.any(Number) };
    expect(logged()).toEqual([
      { event: 'outbound_request', origin: receiver.url, outcome: '2xx', ...duration },
      {
        event: 'outbound_request_failed',
        why: expect.any(String),
        origin: receiver.url,
        outcome: 'connection_lost',
        ...duration,
      },
      {
        event: 'outbound_address_refused',
        why: 'credentials_in_url',
        origin: 'http://a.test',
        outcome: 'address_not_allowed',
        ...duration,
      },
      {
        event: 'outbound_address_refused',
        why: 'malformed_url',
        origin: null,
        outcome: 'address_not_allowed',
        ...duration,
      },
    ]);
    expect(JSON.stringify(logged())).not.toContain('s3cr3t');
  });
});

describe('TLS', () => {
  const believing = (...authorities: string[]): Network => Object.assign(namesLeadTo(LOCAL), { authorities });

  it('is spoken with a receiver whose certificate is good for its name', async () => {
    const receiver = await lab.receiver(ok, CERTIFICATE);
    const client = lab.client({ network: believing(CERTIFICATE.cert) });
    expect(await client.post(to(`https://${HOST}:${receiver.port}/a`))).toMatchObject({ status: 200 });
    expect(receiver.visits[0]?.head).toContain(`\r\nHost: ${HOST}:${receiver.port}`);
  });

  const expired = selfSigned(HOST, -1);
  it.each<[string, string, typeof CERTIFICATE, Network]>([
    ['nobody vouches for', HOST, CERTIFICATE, namesLeadTo(LOCAL)],
    ['is for another name', `other.${HOST}`, CERTIFICATE, believing(CERTIFICATE.cert)],
    ['has expired', HOST, expired, believing(expired.cert)],
  ])('is refused with a certificate that %s, before anything is sent', async (_, host, certificate, network) => {
    const receiver = await lab.receiver(ok, certificate);
    expect(await lab.client({ network }).post(to(`https://${host}:${receiver.port}/`))).toEqual(failed('tls_error'));
    await eventually(() => receiver.connections === 1 && receiver.openConnections === 0, { what: 'the end' });
    expect(receiver.visits).toEqual([]);
  });

  it('is not what everybody speaks', async () => {
    const canary = await lab.canary();
    expect(await lab.client().post(to(`https://127.0.0.1:${canary.port}/`))).toEqual(failed('tls_error'));
    expect(canary.connectionCount()).toBe(1);
  });
});
