import { isEmail, maskEmail } from './email.js';

describe('an e-mail address', () => {
  it.each(['ann@example.com', 'treasury+alerts@mail.acme.example', "o'neil@a-b.example", 'a@1.example'])(
    'is %s',
    (text) => {
      expect(isEmail(text)).toBe(true);
    },
  );

  it.each([
    'ann',
    '@example.com',
    'ann@example',
    'ann@@example.com',
    'ann@example..com',
    'Ann <ann@example.com>',
    'ann@example.com,bob@example.com',
    'ann@example.com\r\nBcc: bob@example.com',
    'ann@example.com\n',
    '"ann b"@example.com',
    'ann@exa mple.com',
    `${'a'.repeat(65)}@example.com`,
  ])('is not %j', (text) => {
    expect(isEmail(text)).toBe(false);
  });

  it('is masked so that its owner knows it', () => {
    expect(maskEmail('ann@example.com')).toBe('a••••@example.com');
  });
});
