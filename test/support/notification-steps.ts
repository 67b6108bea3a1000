import { createServer, type IncomingMessage } from 'node:http';
import { parseEncryptionKeys } from '../../src/config/encryption-keys.js';
import { ResealChannelSettings } from '../../src/modules/notifications/application/reseal-channel-settings.js';
import { SealedSettings } from '../../src/modules/notifications/application/sealed-settings.js';
import { SealedSettingsRepository } from '../../src/modules/notifications/persistence/sealed-settings.repository.js';
import { Database, UnitOfWork } from '../../src/platform/database/index.js';
import { FieldCipher, KeyRing } from '../../src/platform/encryption/index.js';
import { Wake } from '../../src/platform/queue/index.js';
import { eventually } from './eventually.js';
import { ownerOf } from './owner.js';
import { listen } from './scripted-bank.js';
import type { Acme } from './acme.js';
import type { ApiAnswer } from './test-api.js';

export type Body = Record<string, unknown>;

export interface ChatServer {
  readonly url: string;
  /** What was posted, by path. */
  readonly posts: { path: string; text: string; body: Body }[];
  close(): Promise<void>;
}

/** Takes what Slack takes; `/limited` and `/gone` do not. */
export async function startChatServer(): Promise<ChatServer> {
  const posts: ChatServer['posts'] = [];
  const read = async (request: IncomingMessage): Promise<string> => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    return Buffer.concat(parts).toString();
  };
  const server = createServer((request, response) => {
    void read(request).then((text) => {
      const path = request.url ?? '';
      const body = JSON.parse(text) as Body;
      posts.push({ path, text: String(body['text']), body });
      if (path === '/limited') response.writeHead(429, { 'retry-after': '600' }).end('rate_limited');
      else response.writeHead(path === '/gone' ? 404 : 200).end(path === '/gone' ? 'no_service' : 'ok');
    });
  });
  const { url, close } = await listen(server);
  return { url, posts, close };
}

/** What a test does with notifications, as one organization. */
export class NotificationLab {
  constructor(
    private readonly acme: Acme,
    private readonly key: string,
  ) {}

  call(path: string, body?: object, method: 'POST' | 'PATCH' | 'DELETE' = 'POST'): Promise<ApiAnswer> {
    return this.acme.api.call(path, { key: this.key, ...(body && { method, body }) });
  }

  async make(path: string, body: object): Promise<string> {
    const answer = await this.call(path, body);
    if (answer.status !== 201) throw new Error(`Answered ${answer.status}: ${answer.text}`);
    return String(answer.body['id']);
  }

  /** A channel that is told of these types. */
  async listener(channel: object, types: readonly string[], rule: object = {}): Promise<string> {
    const channelId = await this.make('/notification-channels', { name: 'A channel', ...channel });
    await this.make('/notification-rules', { channel_id: channelId, types, ...rule });
    return channelId;
  }

  mailbox(address: string, types: readonly string[], rule: object = {}): Promise<string> {
    return this.listener({ kind: 'email', recipients: [address] }, types, rule);
  }

  /** Newest first. */
  async ofChannel(channelId: string): Promise<Body[]> {
    const { body } = await this.call(`/notifications?channel_id=${channelId}`);
    return body['data'] as Body[];
  }

  /** The one notification of a channel, once it is so. */
  only(channelId: string, status: string, change: (one: Body) => boolean = () => true): Promise<Body> {
    return eventually(
      async () => {
        const [one, ...others] = await this.ofChannel(channelId);
        return others.length === 0 && one?.['status'] === status && change(one) && one;
      },
      { what: `one notification of the channel to be ${status}` },
    );
  }

  openAccount(): Promise<ApiAnswer> {
    return this.call('/accounts', { name: 'Another', currency: 'EUR' });
  }

  /** As if all the time had passed that they wait for; the workers look at once. */
  async hurry(channelId: string): Promise<void> {
    await ownerOf(this.acme.api.app).execute(
      `UPDATE notifications SET next_attempt_at = now() - interval '1 second' WHERE channel_id = $1 AND status = 'pending'`,
      [channelId],
    );
    this.acme.api.app.get(Wake, { strict: false }).notify('notifications');
  }

  /** As if nobody had looked at any event of the organization yet. */
  async forgetEvents(organizationId: string): Promise<void> {
    await ownerOf(this.acme.api.app).execute(
      `UPDATE event_cursors SET sequence = 0 WHERE consumer = 'notifications' AND organization_id = $1`,
      [organizationId],
    );
  }

  /** As if whoever is sending them had died a while ago. */
  async loseLeases(channelId: string): Promise<number> {
    return ownerOf(this.acme.api.app).execute(
      `UPDATE notifications SET lease_until = now() - interval '1 second' WHERE channel_id = $1 AND status = 'sending'`,
      [channelId],
    );
  }
}

/** What of a good channel or rule is otherwise, and how it is refused. */
export const REFUSED_SETTINGS: [what: string, change: object, status: number, code: string][] = [
  ['channels', { recipients: ['a@b.example\r\nBcc: eve@example.com'] }, 400, 'pattern'],
  ['channels', { recipients: ['Eve <eve@example.com>'] }, 400, 'pattern'],
  ['channels', { recipients: ['a@b.example,eve@example.com'] }, 400, 'pattern'],
  ['channels', { name: 'x\r\nBcc: eve@example.com' }, 400, 'pattern'],
  ['channels', { recipients: [] }, 400, 'too_few'],
  ['channels', { recipients: undefined }, 422, 'destination_missing'],
  ['channels', { url: 'https://hooks.example.com/x' }, 422, 'not_for_this_kind'],
  ['channels', { kind: 'slack' }, 422, 'not_for_this_kind'],
  ['channels', { kind: 'slack', recipients: undefined }, 422, 'destination_missing'],
  ['channels', { kind: 'sms' }, 400, 'enum'],
  ['rules', { types: ['bulk_request.exploded'] }, 400, 'enum'],
  ['rules', { types: [] }, 400, 'too_few'],
  ['rules', { minimum_severity: 'fatal' }, 400, 'enum'],
  ['rules', {}, 422, 'unknown_channel'],
];

/** The rotation of keys with other ones than the process has. */
export function rotationOf(acme: Acme, keys: string): ResealChannelSettings {
  const ring = new KeyRing(parseEncryptionKeys(keys) as ConstructorParameters<typeof KeyRing>[0]);
  const [unitOfWork, database] = [acme.api.app.get(UnitOfWork), acme.api.app.get(Database)];
  const settings = new SealedSettings(new FieldCipher(ring));
  return new ResealChannelSettings(unitOfWork, database, new SealedSettingsRepository(), settings, ring);
}
