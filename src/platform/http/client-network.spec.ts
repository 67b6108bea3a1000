import { clientNetwork, trustedHops } from './client-network.js';

describe('whose X-Forwarded-For is believed', () => {
  it('is the nearest proxy’s, nobody’s, or that of the proxies that are named', () => {
    const nearest = trustedHops(true);
    if (typeof nearest !== 'function') throw new Error('true must not mean everybody');
    expect([0, 1, 2].map((hop) => nearest('192.0.2.7', hop))).toEqual([true, false, false]);
    expect(trustedHops(false)).toBe(false);
    expect(trustedHops(['10.0.0.0/8'])).toEqual(['10.0.0.0/8']);
  });
});

describe('the network of a client', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:0DB8:0001:2::6', '2001:db8:1:2::/64'],
    ['2001:db8::1', '2001:db8:0:0::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['1::2:3:4:5:6:7', '1:0:2:3::/64'],
    ['', ''],
  ])('of %s is %s', (address, network) => {
    expect(clientNetwork(address)).toBe(network);
  });
});
