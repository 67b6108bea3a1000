import { createLogger } from '../../src/platform/logging/index.js';
import { type Network, NameServers } from '../../src/platform/outbound/network.js';
import { OutboundPolicy } from '../../src/platform/outbound/url-rules.js';
import { selfSigned } from '../support/certificates.js';
import { eventually } from '../support/eventually.js';
import { endless, OK, ok, type Visit } from '../support/hostile-receiver.js';
import { configuredOutbound, namesLeadTo, NOBODYS_ADDRESS, OutboundLab } from '../support/outbound-lab.js';
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
        body: 'ok',
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
    ['500', 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n', { status: 500, body: '', retryAfterMs: null }],
    ['410', 'HTTP/1.1 410 Gone\r\n\r\nnever again', { status: 410, body: 'never again' }],
    ['429', 'HTTP/1.1 429 No\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n', { status: 429, retryAfterMs: 120_000 }],
    ['204', 'HTTP/1.1 204 OK\r\n\r\n', { status: 204, body: '' }],
    ['a final 200', 'HTTP/1.1 103 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\n', { status: 200 }],
    ['NUL and no UTF-8', 'HTTP/1.1 200 OK\r\n\r\na\0b', { status: 200, body: 'a\ufffdb' }],
    ['64 KB', `HTTP/1.1 200 OK\r\n\r\n${'a'.repeat(65_536)}`, { status: 200, body: 'a'.repeat(65_536) }],
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
    expect(await client.post(to(`https://${HOST}:${receiver.port}/a`))).toMatchObject({ status: 200, body: 'ok' });
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

describe('an address inside', () => {
  let canary: Awaited<ReturnType<OutboundLab['canary']>>;
  /** The rules of an installation on the Internet, but for the port: so that nothing but the address keeps it from the canary. */
  let strict: OutboundPolicy;
  beforeEach(async () => {
    canary = await lab.canary();
    strict = new OutboundPolicy(false, [String(canary.port)]);
  });

  it('is reached where private networks are allowed: the canary sings', async () => {
    expect(await lab.client().post(to(`http://127.0.0.1:${canary.port}/`))).toEqual(failed('connection_lost'));
    expect(canary.connectionCount()).toBe(1);
  });

  it('is never reached by any form of its address', async () => {
    const hosts = [
      ...['127.0.0.1', '127.1', '0x7f.1', '0x7f000001', '0177.0.0.1', '017700000001', '2130706433', '１２７.０.０.１'],
      ...['[::1]', '[::ffff:127.0.0.1]', '[::ffff:7f00:1]', '[::7f00:1]', '[64:ff9b::7f00:1]', '[2002:7f00:1::]'],
      ...['0.0.0.0', '0', '[::]', '169.254.169.254', '[fd00:ec2::254]', '10.0.0.1', '192.168.1.1', '100.64.0.1'],
    ];
    const network = namesLeadTo(LOCAL);
    const client = lab.client({ policy: strict, network });
    for (const host of hosts) {
      const outcome = await client.post(to(`https://${host}:${canary.port}/`));
      expect([host, outcome]).toEqual([host, failed('address_not_allowed')]);
    }
    expect([canary.connectionCount(), network.asked]).toEqual([0, []]);
  });

  it.each([
    [['127.0.0.1']],
    [['::1']],
    [['::ffff:127.0.0.1']],
    [['::ffff:7f00:1']],
    [['0.0.0.0']],
    [['10.0.0.1']],
    [['fd00::1']],
    [['169.254.169.254']],
    [['64:ff9b::a00:1']],
    [[NOBODYS_ADDRESS, '127.0.0.1']],
    [['127.0.0.1', NOBODYS_ADDRESS]],
  ])('is never reached by a name that leads to %j', async (addresses) => {
    const network = namesLeadTo(addresses);
    const client = lab.client({ policy: strict, network });
    expect(await client.post(to(`https://inside.test:${canary.port}/`))).toEqual(failed('address_not_allowed'));
    expect([canary.connectionCount(), network.asked]).toEqual([0, ['inside.test']]);
  });

  it('is never reached by a name that changes its mind', async () => {
    const network = namesLeadTo([NOBODYS_ADDRESS], LOCAL);
    const client = lab.client({ policy: strict, network, ...SHORT });
    const url = `https://rebinding.test:${canary.port}/`;
    // What was checked is what is connected to, whether or not this machine has a route there.
    expect(['connection_failed', 'timed_out']).toContain(((await client.post(to(url))) as { failure: string }).failure);
    expect(network.asked).toHaveLength(1);
    expect(await client.post(to(url))).toEqual(failed('address_not_allowed'));
    expect([canary.connectionCount(), network.asked.length]).toEqual([0, 2]);
  });

  it.each([301, 302, 303, 307, 308])('is never reached by a redirect: %i', async (status) => {
    const location = `http://127.0.0.1:${canary.port}/`;
    const receiver = await lab.receiver(({ socket }) =>
      socket.end(`HTTP/1.1 ${status} X\r\nLocation: ${location}\r\n\r\n`),
    );
    expect(await lab.client().post(to(receiver.url))).toMatchObject({ kind: 'answered', status });
    expect(canary.connectionCount()).toBe(0);
  });

  it.each(['169.254.169.254', 'fd00:ec2::254', '::ffff:169.254.169.254'])(
    'that gives away credentials (%s) is refused even where private networks are allowed',
    async (address) => {
      const client = lab.client({ network: namesLeadTo([address]) });
      expect(await client.post(to('http://metadata.test/'))).toEqual(failed('address_not_allowed'));
    },
  );
});

describe('a name', () => {
  it('without an address is a failure, and so is one nobody answers for in time', async () => {
    expect(await lab.client().post(to('http://nowhere.test/'))).toEqual(failed('dns_failure'));
    const aborted: unknown[] = [];
    const addressesOf = (name: string, signal: AbortSignal) =>
      new Promise<never>(() => signal.addEventListener('abort', () => aborted.push(name)));
    const client = lab.client({ network: { authorities: undefined, addressesOf }, ...SHORT });
    expect(await client.post(to('http://silent.test/'))).toEqual(failed('timed_out'));
    expect(aborted).toEqual(['silent.test']);
  });

  it('is asked of the name servers, in both families', async () => {
    const server = await lab.nameServer((name, type) => {
      if (name === 'both.test')
        return type === 'A'
          ? [
              [127, 0, 0, 1],
              [10, 0, 0, 1],
            ]
          : [[0x20, 1, ...Array<number>(13).fill(0), 1]];
      if (name === 'four.test') return type === 'A' ? [[127, 0, 0, 1]] : [];
      return name === 'none.test' ? null : undefined;
    });
    const names = new NameServers([server.address]);
    const never = new AbortController().signal;
    expect(await names.addressesOf('both.test', never)).toEqual([
      { address: '127.0.0.1', family: 4 },
      { address: '10.0.0.1', family: 4 },
      { address: '2001::1', family: 6 },
    ]);
    expect(await names.addressesOf('four.test', never)).toEqual([{ address: '127.0.0.1', family: 4 }]);
    await expect(names.addressesOf('none.test', never)).rejects.toMatchObject({ code: 'ENOTFOUND' });
    const over = new AbortController();
    const silent = names.addressesOf('silent.test', over.signal);
    over.abort();
    await expect(silent).rejects.toMatchObject({ code: 'ECANCELLED' });
  });
});

describe('the module', () => {
  it('takes HTTPS and public addresses only, unless it is told to allow private networks', async () => {
    const receiver = await lab.receiver(ok);
    const url = receiver.url.replace('127.0.0.1', 'localhost');
    const strict = await configuredOutbound({});
    expect(() => strict.urls.assertAllowed(url, '/url')).toThrow('The URL must begin with https://.');
    expect(await strict.client.post(to(url))).toEqual(failed('address_not_allowed'));
    expect(receiver.connections).toBe(0);
    const open = await configuredOutbound({ WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true' });
    open.urls.assertAllowed(url, '/url');
    expect(await open.client.post(to(url))).toMatchObject({ kind: 'answered', status: 200 });
    await Promise.all([strict.close(), open.close()]);
  });
});
