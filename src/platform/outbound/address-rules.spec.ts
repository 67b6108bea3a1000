import { isAllowedAddress } from './address-rules.js';

/** Whether it may be called, as a rule, and where private networks are allowed. */
const verdicts = (address: string): [boolean, boolean] => [
  isAllowedAddress(address, false),
  isAllowedAddress(address, true),
];

describe('an address', () => {
  it.each([
    '1.1.1.1',
    '9.255.255.255',
    '11.0.0.0',
    '100.63.255.255',
    '100.128.0.0',
    '126.255.255.255',
    '128.0.0.1',
    '169.253.255.255',
    '172.15.255.255',
    '172.32.0.0',
    '192.167.255.255',
    '192.169.0.0',
    '223.255.255.255',
    '2606:4700::1111',
    '2a00:1450:4001:81b::200e',
    // What leads to IPv4 only is judged by where it leads.
    '::ffff:1.1.1.1',
    '64:ff9b::1.1.1.1',
  ])('%s is public', (address) => {
    expect(verdicts(address)).toEqual([true, true]);
  });

  it.each([
    '10.0.0.0',
    '10.255.255.255',
    '172.16.0.1',
    '172.31.255.255',
    '192.168.0.1',
    '127.0.0.1',
    '127.255.255.254',
    '100.64.0.1', // carriers
    '100.127.255.255',
    '::1',
    'fc00::1',
    'fdff:ffff::1',
    '::ffff:127.0.0.1',
    '::ffff:7f00:1',
    '::ffff:10.0.0.1',
    '64:ff9b::7f00:1',
    '64:ff9b::10.1.2.3',
  ])('%s is private', (address) => {
    expect(verdicts(address)).toEqual([false, true]);
  });

  it.each([
    // Metadata services, in whatever way they are written.
    '169.254.169.254',
    '169.254.170.2',
    '::ffff:169.254.169.254',
    '::ffff:a9fe:a9fe',
    '64:ff9b::a9fe:a9fe',
    '2002:a9fe:a9fe::1',
    'fd00:ec2::254',
    'fd00:0ec2:0:0:0:0:0:0254',
    'fd00:ec2::23',
    'fd20:ce::254',
    '100.100.100.200',
    '::ffff:100.100.100.200',
    '168.63.129.16',
    '::ffff:168.63.129.16',
    '192.0.0.192',
    // Unspecified: on Linux, this machine.
    '0.0.0.0',
    '0.1.2.3',
    '::',
    // Link-local, multicast, broadcast.
    '169.254.0.1',
    'fe80::1',
    'fe80::1%eth0',
    'fec0::1',
    '224.0.0.1',
    '239.255.255.250',
    'ff02::1',
    '255.255.255.255',
    // Reserved, for documentation, for measuring.
    '192.0.0.1',
    '192.0.2.1',
    '192.88.99.1',
    '198.18.0.1',
    '198.51.100.1',
    '203.0.113.1',
    '240.0.0.1',
    '2001:db8::1',
    '3fff::1',
    '100::1',
    '2001:2::1',
    // Ways into IPv4 that nobody needs to receive anything.
    '::127.0.0.1',
    '::7f00:1',
    '::1.1.1.1',
    '::ffff:0:127.0.0.1',
    '2002:7f00:1::',
    '2002:a00:1::1',
    '2001:0:4136:e378:8000:63bf:80ff:fffe',
    '64:ff9b:1::7f00:1',
    // Not given to anybody.
    '4000::1',
    '5f00::1',
    '1::1',
    // Not addresses.
    '',
    'localhost',
    'fd00::1%lo',
    '127.0.0.1:443',
    '[::1]',
  ])('%s is refused in any case', (address) => {
    expect(verdicts(address)).toEqual([false, false]);
  });
});
