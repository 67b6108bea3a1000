import { NameServers } from '../../src/platform/outbound/network.js';
import { OutboundPolicy } from '../../src/platform/outbound/url-rules.js';
import { ok } from '../support/hostile-receiver.js';
import { configuredOutbound, namesLeadTo, NOBODYS_ADDRESS, OutboundLab } from '../support/outbound-lab.js';

const LOCAL = ['127.0.0.1'];
const SHORT = { timeoutMs: 300 };
const to = (url: string) => ({ url, headers: { 'content-type': 'application/json' }, body: '{"a":"ü"}' });
const failed = (failure: string) => ({ kind: 'failed', failure, durationMs: expect.any(Number) });

let lab: OutboundLab;
beforeEach(() => {
  lab = new OutboundLab();
});
afterEach(() => lab.close());

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
