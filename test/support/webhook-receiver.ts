import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';
import { listen } from './scripted-bank.js';

/** A message as it came. */
export interface ReceivedMessage {
  readonly path: string;
  /** `webhook-id`. */
  readonly id: string;
  /** `webhook-signature`: one or two, separated by a space. */
  readonly signature: string;
  readonly text: string;
  readonly body: { type: string; sequence: number; data: Record<string, unknown> };
  /** As the receiver would: with the library of https://www.standardwebhooks.com. Throws when it is not signed with the secret. */
  verify(secret: string): unknown;
}

export interface WebhookReceiver {
  /** Any path below it is received. */
  readonly url: string;
  readonly messages: ReceivedMessage[];
  /** Those of one path, in the order they came. */
  at(path: string): ReceivedMessage[];
  close(): Promise<void>;
}

/** What is answered: a status, with headers if need be; null: nothing, the connection stays open. */
export type ReceiverAnswer = { status: number; headers?: Record<string, string> } | null;

/** Keeps every message, and answers 204 unless it is told otherwise. */
export async function startWebhookReceiver(
  answer: (message: ReceivedMessage) => ReceiverAnswer = () => ({ status: 204 }),
): Promise<WebhookReceiver> {
  const messages: ReceivedMessage[] = [];
  const receive = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const message = await read(request);
    messages.push(message);
    const answered = answer(message);
    if (answered !== null) response.writeHead(answered.status, answered.headers).end();
  };
  const server = createServer((request, response) => void receive(request, response));
  const { url, close } = await listen(server);
  return {
    url,
    messages,
    at: (path) => messages.filter((message) => message.path === path),
    close: async () => {
      server.closeAllConnections();
      await close();
    },
  };
}

async function read(request: IncomingMessage): Promise<ReceivedMessage> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  const text = Buffer.concat(pieces).toString('utf8');
  const headers = request.headers as Record<string, string>;
  return {
    path: request.url ?? '',
    id: headers['webhook-id'] ?? '',
    signature: headers['webhook-signature'] ?? '',
    text,
    body: JSON.parse(text) as ReceivedMessage['body'],
    verify: (secret) => new Webhook(secret).verify(text, headers),
  };
}
