import { examineUrl, MAX_URL_LENGTH, OutboundPolicy, WEB_PORTS } from './url-rules.js';
import { OutboundUrls } from './outbound-urls.js';

const STRICT = new OutboundPolicy(false, WEB_PORTS);
const PRIVATE = new OutboundPolicy(true, null);

const verdict = (text: string, policy: OutboundPolicy): string => {
  const examined = examineUrl(text, policy);
  return examined instanceof URL ? 'allowed' : examined.code;
};

describe('a URL', () => {
  it.each([
    'https://example.com',
    'https://example.com:443/hooks?token=1',
    'https://example.com:8443/',
    'HTTPS://EXAMPLE.COM/',
    'https://bücher.example/a%20b',
    'https://1.1.1.1/',
    'https://[2606:4700::1111]:8443/',
    // What a name means is only known when connecting.
    'https://localhost/',
    'https://127.0.0.1.nip.io/',
    'https://metadata.google.internal/',
  ])('%s may be called', (url) => {
    expect([verdict(url, STRICT), verdict(url, PRIVATE)]).toEqual(['allowed', 'allowed']);
  });

  it.each([
    '127.0.0.1',
    '127.1',
    '127.0.0.1.',
    '0x7f.1',
    '0x7f000001',
    '0X7F.0.0.0x1',
    '2130706433',
    '017700000001',
    '0177.0.0.01',
    '0177.1',
    '%31%32%37.0.0.1',
    '１２７.０.０.１',
    '①②⑦.⓪.⓪.①',
    '127。0。0。1',
    '[::1]',
    '[0:0:0:0:0:0:0:1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[64:ff9b::7f00:1]',
    '10.0.0.1',
    '167772161',
    '192.168.1',
    '172.16.5.4',
    '100.64.0.1',
    '[fd12:3456::1]',
  ])('by the private address %s is refused, unless private networks are allowed', (host) => {
    const url = `https://${host}/`;
    expect([verdict(url, STRICT), verdict(url, PRIVATE)]).toEqual(['address_not_allowed', 'allowed']);
  });

  it.each([
    '169.254.169.254',
    '0xa9fea9fe',
    '2852039166',
    '0251.0376.0251.0376',
    '[::ffff:169.254.169.254]',
    '[fd00:ec2::254]',
    '[fd00:ec2:0:0::254]',
    '0.0.0.0',
    '0',
    '[::]',
    '224.0.0.1',
    '255.255.255.255',
    '[2002:7f00:1::]',
    '[::7f00:1]',
  ])('by the address %s is refused in any case', (host) => {
    const url = `https://${host}/`;
    expect([verdict(url, STRICT), verdict(url, PRIVATE)]).toEqual(['address_not_allowed', 'address_not_allowed']);
  });

  it.each([
    ['https://user@example.com/', 'credentials_in_url'],
    ['https://user:password@example.com/', 'credentials_in_url'],
    ['https://:password@example.com/', 'credentials_in_url'],
    ['https://example.com@127.0.0.1/', 'credentials_in_url'],
    ['https://example.com/#top', 'fragment_in_url'],
    ['https://example.com/#', 'fragment_in_url'],
    ['', 'malformed_url'],
    ['example.com', 'malformed_url'],
    ['https://', 'malformed_url'],
    ['https://example.com:99999/', 'malformed_url'],
    ['https://exa mple.com/', 'malformed_url'],
    ['https://example.com/\r\nx: 1', 'malformed_url'],
    [' https://example.com/', 'malformed_url'],
    ['https://exam\tple.com/', 'malformed_url'],
    ['https://256.256.256.256/', 'malformed_url'],
    ['https://[fe80::1%25eth0]/', 'malformed_url'],
    [`https://example.com/${'a'.repeat(MAX_URL_LENGTH)}`, 'too_long'],
  ])('%j is refused in any case: %s', (url, code) => {
    expect([verdict(url, STRICT), verdict(url, PRIVATE)]).toEqual([code, code]);
  });

  it('may have 2,048 characters', () => {
    const longest = `https://example.com/${'a'.repeat(2_028)}`;
    expect([verdict(longest, STRICT), verdict(`${longest}a`, STRICT)]).toEqual(['allowed', 'too_long']);
  });

  it('is HTTPS at a usual port, unless private networks are allowed', () => {
    const urls = [
      'http://example.com/',
      'https://example.com:80/',
      'https://example.com:5432/',
      'https://example.com:0/',
    ];
    expect(urls.map((url) => verdict(url, STRICT))).toEqual([
      'https_only',
      ...Array<string>(3).fill('port_not_allowed'),
    ]);
    expect(urls.map((url) => verdict(url, PRIVATE))).toEqual(Array(4).fill('allowed'));
  });

  it.each(['ftp://example.com/', 'file:///etc/passwd', 'javascript:alert(1)', 'data:text/plain,x', 'gopher://x/'])(
    'is nothing but HTTP: %s',
    (url) => {
      expect([verdict(url, STRICT), verdict(url, PRIVATE)]).toEqual(['https_only', 'unknown_scheme']);
    },
  );

  it('is refused by field and reason, without repeating what may be a secret', () => {
    const urls = new OutboundUrls(STRICT);
    urls.assertAllowed('https://example.com/', '/url');
    const secret = 'https://10.0.0.1/services/T0/s3cr3t';
    expect(() => urls.assertAllowed(secret, '/callback_url')).toThrow(
      expect.objectContaining({
        kind: 'rule',
        code: 'url_not_allowed',
        message: 'The address is private or reserved.',
        details: {
          errors: [
            {
              pointer: '/callback_url',
              code: 'address_not_allowed',
              detail: 'The address is private or reserved.',
            },
          ],
          errorCount: 1,
        },
      }) as Error,
    );
  });
});
