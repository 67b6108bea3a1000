import { parseSender, parseSmtpUrl } from './smtp.js';

describe('the URL of a mail server', () => {
  it.each([
    ['smtps://mail.example.com', { host: 'mail.example.com', port: 465, tls: 'implicit', login: null }],
    ['smtp://mail.example.com', { host: 'mail.example.com', port: 587, tls: 'required', login: null }],
    ['smtp://mail.example.com:25/', { host: 'mail.example.com', port: 25, tls: 'required', login: null }],
    ['smtp://localhost:2525', { host: 'localhost', port: 2525, tls: 'none', login: null }],
    ['smtp://127.0.0.1:25', { host: '127.0.0.1', port: 25, tls: 'none', login: null }],
    ['smtp://[::1]', { host: '::1', port: 587, tls: 'none', login: null }],
    ['smtps://localhost', { host: 'localhost', port: 465, tls: 'implicit', login: null }],
    // Plain text to whoever is called so would leave the machine.
    ['smtp://localhost.example.com', { host: 'localhost.example.com', port: 587, tls: 'required', login: null }],
  ])('says how %s is talked to', (url, server) => {
    expect(parseSmtpUrl(url)).toEqual(server);
  });

  it('has a login whose characters may be escaped', () => {
    const server = parseSmtpUrl('smtps://ann%40example.com:p%40ss%2Fword@mail.example.com');
    expect(server?.login).toEqual({ user: 'ann@example.com', password: 'p@ss/word' });
  });

  it.each([
    'mail.example.com',
    'https://mail.example.com',
    'smtps://',
    'smtps://mail.example.com/path',
    'smtps://mail.example.com?tls.rejectUnauthorized=false',
    'smtps://mail.example.com#x',
    'smtps://ann@mail.example.com',
    'smtps://ann:%E0%A4%A@mail.example.com',
  ])('is not %s', (url) => {
    expect(parseSmtpUrl(url)).toBeNull();
  });
});

describe('the sender of mail', () => {
  it.each([
    ['tranche@example.com', { name: '', address: 'tranche@example.com' }],
    ['Tranche <tranche@example.com>', { name: 'Tranche', address: 'tranche@example.com' }],
  ])('is %s', (text, sender) => {
    expect(parseSender(text)).toEqual(sender);
  });

  it.each(['tranche', 'a@b', 'Tranche <tranche>', 'a@example.com\r\nBcc: b@example.com', 'A\nB <a@example.com>'])(
    'is not %j',
    (text) => {
      expect(parseSender(text)).toBeNull();
    },
  );
});
