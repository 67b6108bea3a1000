// Over 300 lines: a second file would start a mail server, a chat, an API and a worker once more for a few short cases.
import { randomBytes } from 'node:crypto';
import { resealAll } from '../../src/app/rotate-keys.js';
import { createApiKey, createOrganization } from '../factories/organizations.js';
import { bulkOf, line, lines } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import { eventually } from '../support/eventually.js';
import { type MailServer, startMailServer, type TakenMail } from '../support/mail-server.js';
import {
  type Body,
  type ChatServer,
  NotificationLab,
  REFUSED_SETTINGS,
  rotationOf,
  startChatServer,
} from '../support/notification-steps.js';
import { ownerOf } from '../support/owner.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

const [OLD_KEY, NEW_KEY] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];

describe('notifications', () => {
  let mail: MailServer;
  let chat: ChatServer;
  let env: Record<string, string>;
  let acme: Acme;
  let worker: TestWorker;
  let ours: NotificationLab;
  let theirs: NotificationLab;
  beforeAll(async () => {
    mail = await startMailServer();
    chat = await startChatServer();
    env = {
      SMTP_URL: `smtp://127.0.0.1:${mail.port}`,
      SMTP_FROM: 'Tranche <tranche@bank.example>',
      WEBHOOK_ALLOW_PRIVATE_NETWORKS: 'true',
      DATA_ENCRYPTION_KEYS: OLD_KEY,
    };
    acme = await startAcme(env, { working: false });
    worker = await startTestWorker(env, { databaseUrl: acme.api.databaseUrl });
    ours = new NotificationLab(acme, acme.key);
    const { id: organizationId } = await createOrganization(acme.api.app);
    theirs = new NotificationLab(acme, (await createApiKey(acme.api.app, { organizationId })).secret);
  });
  afterAll(async () => {
    mail.letGo();
    await worker.close();
    await acme.close();
    await mail.close();
    await chat.close();
  });

  const mailsTo = (address: string): TakenMail[] => mail.mails.filter(({ to }) => to.includes(address));
  const mailTo = (address: string): Promise<TakenMail> =>
    eventually(() => mailsTo(address)[0], { what: `a mail to ${address}` });
  // What the next tests do is not to end up in the boxes of this one.
  afterEach(async () => {
    await ownerOf(acme.api.app).execute('UPDATE notification_rules SET enabled = false');
  });

  it('tells a mailbox and a chat that a bulk request has ended', async () => {
    await ours.mailbox('treasury@acme.example', ['bulk_request.*'], { minimum_severity: 'warning' });
    const done = await ours.mailbox('done@acme.example', [
      'bulk_request.completed',
      'bulk_request.partially_completed',
    ]);
    const chatId = await ours.listener({ kind: 'slack', url: `${chat.url}/ok` }, ['bulk_request.completed']);
    const { id } = await acme.submit(bulkOf(line()));
    await acme.ended(id);
    const { headers, text, to } = await mailTo('done@acme.example');
    const notification = await ours.only(done, 'sent');
    expect(to).toEqual(['done@acme.example']);
    expect(Object.fromEntries(headers)).toMatchObject({
      subject: `Bulk request ${id} completed`,
      from: 'Tranche <tranche@bank.example>',
      to: 'done@acme.example',
      'message-id': `<${String(notification['id'])}.0@bank.example>`,
    });
    expect(text).toContain('every line was paid');
    expect(notification).toMatchObject({
      channel_id: done,
      event_type: 'bulk_request.completed',
      event_count: 1,
      severity: 'info',
      attempts: 1,
      last_failure: null,
      next_attempt_at: null,
      subject: `Bulk request ${id} completed`,
      sent_at: expect.any(String),
    });
    expect(notification['event_id']).toMatch(new RegExp(`_${String(notification['sequence'])}$`));
    await ours.only(chatId, 'sent');
    expect(chat.posts).toEqual([
      expect.objectContaining({ path: '/ok', text: expect.stringContaining(`Bulk request ${id} completed\n\n`) }),
    ]);
    // It only matters to those who asked for all of it.
    expect(mailsTo('treasury@acme.example')).toEqual([]);
  });

  it('tells of the lines of a bulk request in one mail, however many', async () => {
    const channel = await ours.mailbox('lines@acme.example', ['transfer.failed']);
    const failing = lines(700, (index) => ({
      amount: `${index + 1}.00`,
      ...(index % 2 === 0 && { description: 'sandbox:reject:AC04' }),
    }));
    const { id } = await acme.submit(bulkOf(...failing));
    await acme.ended(id);
    const waiting = await ours.only(channel, 'pending', (one) => one['event_count'] === 350);
    expect(waiting).toMatchObject({ event_type: 'transfer.failed', severity: 'warning', attempts: 0 });
    await ours.hurry(channel);
    const { headers } = await mailTo('lines@acme.example');
    expect(headers.get('subject')).toBe(`[warning] 350 transfers failed, bulk request ${id}`);
    await ours.only(channel, 'sent');
    expect(mailsTo('lines@acme.example')).toHaveLength(1);
  });

  it('tries again what may pass, and not what is refused for good', async () => {
    const busy = await ours.mailbox('busy@acme.example', ['account.opened']);
    const unknown = await ours.mailbox('unknown@acme.example', ['account.opened']);
    const limited = await ours.listener({ kind: 'slack', url: `${chat.url}/limited` }, ['account.opened']);
    const gone = await ours.listener({ kind: 'slack', url: `${chat.url}/gone` }, ['account.opened']);
    await ours.openAccount();
    await expect(ours.only(unknown, 'failed')).resolves.toMatchObject({ attempts: 1, last_failure: 'smtp_550' });
    await expect(ours.only(gone, 'failed')).resolves.toMatchObject({ attempts: 1, last_failure: 'http_404' });
    const once = await ours.only(busy, 'pending', (one) => one['attempts'] === 1);
    expect(once).toMatchObject({ last_failure: 'smtp_451', next_attempt_at: expect.any(String), sent_at: null });
    const asked = await ours.only(limited, 'pending', (one) => one['attempts'] === 1);
    expect(asked['last_failure']).toBe('http_429');
    // What the receiver asks for is more than the schedule's minute.
    expect(Date.parse(String(asked['next_attempt_at'])) - Date.now()).toBeGreaterThan(300_000);
    for (const attempts of [2, 3, 4, 5]) {
      await ours.hurry(busy);
      await ours.only(busy, 'pending', (one) => one['attempts'] === attempts);
    }
    await ours.hurry(busy);
    await expect(ours.only(busy, 'failed')).resolves.toMatchObject({ attempts: 6, last_failure: 'smtp_451' });
    const failed = await ours.call('/notifications?status=failed');
    expect((failed.body['data'] as Body[]).map((one) => one['channel_id'])).toEqual(
      expect.arrayContaining([busy, unknown, gone]),
    );
  });

  it('asks again for the recipients that put it off, and only for them', async () => {
    const recipients = ['has-it@acme.example', 'unknown@acme.example', 'grey@acme.example', 'grey-too@acme.example'];
    const channel = await ours.listener({ kind: 'email', recipients }, ['account.opened']);
    const askedFor = (): string[] => mail.asked.filter((address) => recipients.includes(address));
    const askedBefore = askedFor().length;
    await ours.openAccount();
    const partly = await ours.only(channel, 'pending', (one) => one['attempts'] === 1);
    expect(partly).toMatchObject({ last_failure: 'smtp_451', sent_at: null });
    await ours.hurry(channel);
    const sent = await ours.only(channel, 'sent');
    expect(sent).toMatchObject({ attempts: 2, last_failure: 'recipients_refused' });
    expect(askedFor().slice(askedBefore)).toEqual([...recipients, 'grey@acme.example', 'grey-too@acme.example']);
    expect(mailsTo('has-it@acme.example')).toMatchObject([{ to: ['has-it@acme.example'] }]);
    expect(mailsTo('grey@acme.example')).toMatchObject([{ to: ['grey@acme.example', 'grey-too@acme.example'] }]);
    expect(new Set(mail.mails.slice(-2).map(({ headers }) => headers.get('message-id')))).toHaveProperty('size', 1);
  });

  it.each(['rules', 'channels'])('tells of nothing from before there were %s, or while they were off', async (what) => {
    const { id: organizationId } = await createOrganization(acme.api.app);
    const lab = new NotificationLab(acme, (await createApiKey(acme.api.app, { organizationId })).secret);
    await lab.openAccount();
    const channel = await lab.mailbox(`late-${what}@acme.example`, ['account.opened']);
    const [one] = (await lab.call(`/notification-${what}`)).body['data'] as Body[];
    const path = `/notification-${what}/${String(one?.['id'])}`;
    await lab.call(path, { enabled: false }, 'PATCH');
    await lab.openAccount();
    await lab.call(path, { enabled: true }, 'PATCH');
    await lab.forgetEvents(organizationId);
    const { body: last } = await lab.openAccount();
    const told = { text: expect.stringContaining(String(last['id'])) };
    await expect(lab.only(channel, 'sent')).resolves.toMatchObject(told);
  });

  it('does not let a server that hangs for one organization keep mail from another; and loses none of it', async () => {
    const stuck = await ours.mailbox('hang@acme.example', ['account.opened']);
    const other = await ours.mailbox('hang-too@acme.example', ['account.opened']);
    for (let count = 0; count < 4; count++) await ours.openAccount();
    await eventually(() => mail.asked.filter((address) => address.startsWith('hang')).length >= 4, {
      what: 'all places of the organization to be taken',
    });
    await theirs.mailbox('free@theirs.example', ['account.opened']);
    await theirs.openAccount();
    await mailTo('free@theirs.example');
    const sending = (await ours.ofChannel(stuck)).concat(await ours.ofChannel(other));
    expect(sending.map(({ status }) => status).sort()).toEqual([
      ...Array<string>(4).fill('pending'),
      ...Array<string>(4).fill('sending'),
    ]);

    // Whoever sends one of them dies, and another takes it up: the same mail, by its id. Then the workers change.
    expect(await ours.loseLeases(stuck)).toBe(2);
    mail.letGo();
    await worker.close();
    worker = await startTestWorker(env, { databaseUrl: acme.api.databaseUrl });
    for (const channel of [stuck, other]) {
      await eventually(async () => (await ours.ofChannel(channel)).every(({ status }) => status === 'sent'), {
        what: 'all to be sent',
      });
    }
    const idsOf = (address: string): Set<string | undefined> =>
      new Set(mailsTo(address).map(({ headers }) => headers.get('message-id')));
    const expected = async (channel: string): Promise<Set<string>> =>
      new Set((await ours.ofChannel(channel)).map(({ id }) => `<${String(id)}.0@bank.example>`));
    expect(idsOf('hang@acme.example')).toEqual(await expected(stuck));
    expect(idsOf('hang-too@acme.example')).toEqual(await expected(other));
    expect(mailsTo('hang-too@acme.example')).toHaveLength(4);
  });

  it('tries a channel out, and sends again what somebody wants again', async () => {
    const channel = await ours.make('/notification-channels', {
      ...{ kind: 'email', name: 'Off', recipients: ['test@acme.example'], enabled: false },
    });
    const test = await ours.call(`/notification-channels/${channel}/test`, {});
    expect(test).toMatchObject({ status: 202, body: { status: 'pending', rule_id: null, event_id: null } });
    expect(test.headers['location']).toBe(`/api/v1/notifications/${String(test.body['id'])}`);
    const again = await ours.call(`/notification-channels/${channel}/test`, {});
    expect(again).toMatchObject({ status: 429, body: { code: 'rate_limited' } });
    expect(Number(again.headers['retry-after'])).toBeGreaterThan(0);
    const sent = await ours.only(channel, 'sent');
    const resend = `/notifications/${String(sent['id'])}/resend`;
    await expect(ours.call(resend, {})).resolves.toMatchObject({
      status: 202,
      body: { status: 'pending', resends: 1 },
    });
    await ours.only(channel, 'sent', (one) => one['resends'] === 1);
    const ids = mailsTo('test@acme.example').map(({ headers }) => headers.get('message-id'));
    expect(ids).toEqual([`<${String(sent['id'])}.0@bank.example>`, `<${String(sent['id'])}.1@bank.example>`]);
    await expect(ours.call(`/notification-channels/${channel}`, {}, 'DELETE')).resolves.toMatchObject({ status: 204 });
    await expect(ours.call(resend, {})).resolves.toMatchObject({ status: 409, body: { code: 'invalid_state' } });
    await expect(theirs.call(resend, {})).resolves.toMatchObject({ status: 404 });
  });

  it('shows addresses to those who may change them, and the URL of a chat to nobody', async () => {
    const { organizationId } = acme;
    const mailbox = await ours.mailbox('cfo@acme.example', ['*']);
    const url = `${chat.url}/secret-path`;
    const room = await ours.make('/notification-channels', { kind: 'slack', name: 'Room', url });
    const { secret } = await createApiKey(acme.api.app, { organizationId, scopes: ['notifications:read'] });
    const asReader = new NotificationLab(acme, secret);
    const path = `/notification-channels/${mailbox}`;
    await expect(ours.call(path)).resolves.toMatchObject({ body: { recipients: ['cfo@acme.example'] } });
    const masked = { recipients: ['c••••@acme.example'], url_origin: null };
    await expect(asReader.call(path)).resolves.toMatchObject({ status: 200, body: masked });
    const shown = await ours.call(`/notification-channels/${room}`);
    expect(shown).toMatchObject({ status: 200, body: { kind: 'slack', recipients: null, url_origin: chat.url } });
    for (const { text } of [shown, await ours.call('/notification-channels')])
      expect(text).not.toContain('secret-path');
    await expect(asReader.call(path, { enabled: false }, 'PATCH')).resolves.toMatchObject({ status: 403 });
    await expect(theirs.call(path)).resolves.toMatchObject({ status: 404 });
    const stored = await ownerOf(acme.api.app).query<{ text: string }>(
      `SELECT encode(settings_sealed, 'escape') || name AS text FROM notification_channels`,
    );
    expect(JSON.stringify(stored)).not.toMatch(/cfo@acme|secret-path/);
    const audit = await acme.call('/audit-log?limit=100');
    expect(audit.text).toContain('notification_channel.created');
    expect(audit.text).not.toMatch(/cfo@acme|secret-path/);
    await expect(ours.call(path, { name: 'Boss', recipients: ['ceo@acme.example'] }, 'PATCH')).resolves.toMatchObject({
      status: 200,
      body: { name: 'Boss', enabled: true, recipients: ['ceo@acme.example'] },
    });
    const [rule] = (await ours.call('/notification-rules?limit=1')).body['data'] as Body[];
    expect(rule).toMatchObject({ channel_id: mailbox, types: ['*'], minimum_severity: 'info', enabled: true });
    const rulePath = `/notification-rules/${String(rule?.['id'])}`;
    const changed = await ours.call(rulePath, { types: ['transfer.*'], minimum_severity: 'critical' }, 'PATCH');
    expect(changed.body).toMatchObject({ types: ['transfer.*'], minimum_severity: 'critical', enabled: true });
    await expect(ours.call(path, {}, 'DELETE')).resolves.toMatchObject({ status: 204 });
    for (const gone of [path, rulePath]) await expect(ours.call(gone)).resolves.toMatchObject({ status: 404 });
  });

  it.each(REFUSED_SETTINGS)('refuses %s with %o', async (what, change, status, code) => {
    const good: Body =
      what === 'channels'
        ? { kind: 'email', name: 'Box', recipients: ['a@b.example'] }
        : { channel_id: acme.organizationId, types: ['*'] };
    const answer = await ours.call(`/notification-${what}`, { ...good, ...change });
    expect(answer).toMatchObject({ status, body: { errors: [expect.objectContaining({ code })] } });
  });

  it('refuses addresses that are never called', async () => {
    const channel = { kind: 'slack', name: 'Room', url: 'https://eve:secret@hooks.example.com/x' };
    const answer = await ours.call('/notification-channels', channel);
    expect(answer).toMatchObject({ status: 422, body: { code: 'url_not_allowed', errors: [{ pointer: '/url' }] } });
  });

  it('has an end', async () => {
    const { id: organizationId } = await createOrganization(acme.api.app);
    const lab = new NotificationLab(acme, (await createApiKey(acme.api.app, { organizationId })).secret);
    const body = { kind: 'slack', name: 'Room', url: `${chat.url}/ok` };
    const answers = await Promise.all(Array.from({ length: 22 }, () => lab.call('/notification-channels', body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array<number>(20).fill(201), 422, 422]);
    const refused = answers.find(({ status }) => status === 422);
    expect(refused?.body).toMatchObject({ code: 'limit_exceeded', errors: [{ code: 'notification_channels' }] });
  });

  it('goes over to another key', async () => {
    const id = await ours.make('/notification-channels', {
      ...{ kind: 'email', name: 'Sealed', recipients: ['sealed@acme.example'] },
    });
    await expect(resealAll(rotationOf(acme, `${NEW_KEY},${OLD_KEY}`), 1)).resolves.toBe(0);
    await expect(rotationOf(acme, NEW_KEY).countOld()).resolves.toBe(0);
    await expect(ours.call(`/notification-channels/${id}`)).resolves.toMatchObject({ status: 500 });
    await expect(resealAll(rotationOf(acme, `${OLD_KEY},${NEW_KEY}`), 1)).resolves.toBe(0);
    await expect(ours.call(`/notification-channels/${id}`)).resolves.toMatchObject({ status: 200 });
  });

  it('is watched by metrics', async () => {
    const { payload } = await acme.api.app.inject({ method: 'GET', url: '/metrics' });
    expect(payload).toMatch(/^notifications_due \d+$/m);
    expect(payload).toMatch(/^events_unseen_by_notifications \d+$/m);
    expect(payload).toContain('# TYPE notification_attempts_total counter');
  });
});
