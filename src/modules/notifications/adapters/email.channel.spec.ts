import { loadConfig } from '../../../config/config.schema.js';
import { EmailChannel, mailOf } from './email.channel.js';
import { outcomeOfError, outcomeOfTaken } from './smtp-outcome.js';
import { SmtpTimeout } from './smtp-session.js';

const FROM = { name: 'Tranche', address: 'tranche@example.com' };
const message = (change: object = {}) => ({
  ...{ id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d.0', severity: 'info' as const },
  ...{ subject: 'Bulk request completed', text: 'Every line was paid.', ...change },
});
const headersOf = (content: Buffer): string[] => (content.toString().split('\r\n\r\n')[0] ?? '').split(/\r\n(?![ \t])/);

describe('an installation without a mail server', () => {
  const config = loadConfig({ DATABASE_URL: 'postgres://unused', REDIS_URL: 'redis://unused' });
  const channel = new EmailChannel(config);

  it('makes no channel by e-mail', () => {
    const refused = expect.objectContaining({ kind: 'rule', code: 'channel_not_configured' }) as Error;
    expect(() => channel.settingsOf({ recipients: ['ann@example.com'] })).toThrow(refused);
  });

  it('keeps what waits for one that was made before', async () => {
    const outcome = { kind: 'retry', failure: 'channel_not_configured', retryAfterMs: null };
    await expect(channel.send({ kind: 'email', recipients: ['ann@example.com'] }, message())).resolves.toEqual(outcome);
  });
});

describe('a mail', () => {
  it('has an id that follows from the notification', async () => {
    const { content, from, recipients } = await mailOf(message(), FROM, ['ann@example.com', 'bob@example.com']);
    expect({ from, recipients }).toEqual({
      from: 'tranche@example.com',
      recipients: ['ann@example.com', 'bob@example.com'],
    });
    expect(headersOf(content)).toEqual(
      expect.arrayContaining([
        'From: Tranche <tranche@example.com>',
        'To: ann@example.com, bob@example.com',
        'Subject: Bulk request completed',
        'Message-ID: <0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d.0@example.com>',
        'Auto-Submitted: auto-generated',
      ]),
    );
    expect(content.toString()).toMatch(/\r\n\r\nEvery line was paid\.(\r\n)?$/);
  });

  it('says how bad it is only when it is', async () => {
    const { content } = await mailOf(message({ severity: 'critical' }), FROM, ['ann@example.com']);
    expect(headersOf(content)).toContain('Subject: [critical] Bulk request completed');
  });

  it('has no headers that its subject or its sender bring along', async () => {
    const hostile = 'x\r\nBcc: eve@example.com\r\n\r\nHello';
    const sender = { ...FROM, name: hostile };
    const { content, recipients } = await mailOf(message({ subject: hostile }), sender, ['ann@example.com']);
    expect(headersOf(content).filter((header) => /^bcc/i.test(header))).toEqual([]);
    expect(recipients).toEqual(['ann@example.com']);
  });
});

describe('what a mail server says', () => {
  const failure = (code: string, responseCode?: number): Error =>
    Object.assign(new Error('550 5.1.1 <ann@example.com> unknown'), { code, responseCode });

  it.each<[string, unknown, object]>([
    ['no such mailbox', failure('EENVELOPE', 550), { kind: 'refused', failure: 'smtp_550' }],
    ['not this message', failure('EMESSAGE', 554), { kind: 'refused', failure: 'smtp_554' }],
    ['mailbox full', failure('EENVELOPE', 452), { kind: 'retry', failure: 'smtp_452', retryAfterMs: null }],
    ['going down', failure('ECONNECTION', 421), { kind: 'retry', failure: 'smtp_421', retryAfterMs: null }],
    ['no service', failure('EPROTOCOL', 554), { kind: 'retry', failure: 'smtp_554', retryAfterMs: null }],
    ['wrong password', failure('EAUTH', 535), { kind: 'retry', failure: 'smtp_login_refused', retryAfterMs: null }],
    ['a bad certificate', failure('ETLS'), { kind: 'retry', failure: 'tls_error', retryAfterMs: null }],
    ['nothing', failure('ETIMEDOUT'), { kind: 'retry', failure: 'timed_out', retryAfterMs: null }],
    ['too little', new SmtpTimeout(), { kind: 'retry', failure: 'timed_out', retryAfterMs: null }],
    ['no', failure('ESOCKET'), { kind: 'retry', failure: 'connection_failed', retryAfterMs: null }],
  ])('%s', (_what, error, outcome) => {
    expect(outcomeOfError(error)).toEqual(outcome);
  });

  it('that it took it for some', () => {
    const refused = { recipient: 'b', responseCode: 550 };
    const putOff = { recipient: 'c', responseCode: 451 };
    expect(outcomeOfTaken({ accepted: ['a'], rejected: [refused] })).toEqual({
      kind: 'sent',
      failure: 'recipients_refused',
    });
    expect(outcomeOfTaken({ accepted: ['a'], rejected: [] })).toEqual({ kind: 'sent', failure: null });
    const partly = { kind: 'partly', failure: 'smtp_451', taken: 1, deferred: ['c'] };
    expect(outcomeOfTaken({ accepted: ['a'], rejected: [refused, putOff] })).toEqual(partly);
  });

  it('that it took it for none, of whom some may have it later', () => {
    const about = (recipient: string, responseCode: number): Error =>
      Object.assign(failure('EENVELOPE', responseCode), { recipient });
    const none = (...rejectedErrors: Error[]): Error => Object.assign(failure('EENVELOPE', 451), { rejectedErrors });
    const partly = { kind: 'partly', failure: 'smtp_451', taken: 0, deferred: ['c'] };
    expect(outcomeOfError(none(about('b', 550), about('c', 451)))).toEqual(partly);
    expect(outcomeOfError(none(about('b', 451), about('c', 451)))).toMatchObject({
      kind: 'retry',
      failure: 'smtp_451',
    });
  });
});
