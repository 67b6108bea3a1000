import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import type { EventStream } from '../../src/platform/http/event-stream.js';
import { EventStreams } from '../../src/platform/http/event-streams.js';
import { eventually } from './eventually.js';

export interface HeardEvent {
  id: number;
  event: string;
  data: Record<string, unknown>;
}

export interface ListenOptions {
  key: string;
  lastEventId?: string | number;
  method?: string;
}

/** A client of a stream of events, over a connection of its own. */
export class EventListener {
  readonly events: HeardEvent[] = [];
  /** Lines that are comments. */
  heartbeats = 0;
  /** All that arrived. */
  text = '';
  /** Resolves when the stream has ended, from whichever side. */
  readonly ended: Promise<void>;
  private rest = '';

  constructor(
    private readonly sent: ClientRequest,
    readonly response: IncomingMessage,
  ) {
    response.setEncoding('utf8').on('data', (text: string) => this.read(text));
    this.ended = new Promise((resolve) => response.once('close', resolve));
    response.on('error', () => undefined); // the tests look at how it ended
  }

  get status(): number {
    return this.response.statusCode ?? 0;
  }

  ids(): number[] {
    return this.events.map(({ id }) => id);
  }

  hasHeard(event: string): boolean {
    return this.events.some((one) => one.event === event);
  }

  close(): void {
    this.sent.destroy();
  }

  private read(text: string): void {
    this.text += text;
    const blocks = (this.rest + text).split('\n\n');
    this.rest = blocks.pop() ?? '';
    for (const block of blocks) {
      if (block.startsWith('id: ')) this.events.push(parsed(block));
      else if (block.startsWith(':')) this.heartbeats++;
    }
  }
}

/** One event is three lines, no more and no less. */
function parsed(block: string): HeardEvent {
  const [, id, event, data] = /^id: ([0-9]+)\nevent: ([a-z_.]+)\ndata: (\{.*\})$/.exec(block) ?? [];
  if (data === undefined) throw new Error(`This is no event: ${block}`);
  return { id: Number(id), event: event ?? '', data: JSON.parse(data) as Record<string, unknown> };
}

/** `path` is below /api/v1. The application has to be listening. */
export function listenAt(
  app: NestFastifyApplication,
  path: string,
  { key, lastEventId, method = 'GET' }: ListenOptions,
): Promise<EventListener> {
  const { port } = app.getHttpServer().address() as AddressInfo;
  const headers = {
    authorization: `Bearer ${key}`,
    ...(lastEventId !== undefined && { 'last-event-id': String(lastEventId) }),
  };
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: `/api/v1${path}`, method, headers, agent: false });
    sent.once('response', (response) => resolve(new EventListener(sent, response)));
    sent.on('error', reject);
    sent.end();
  });
}

/** The streams that an API has open, the newest last. */
export function openStreams(app: NestFastifyApplication): { stream: EventStream }[] {
  return [...app.get<{ open: Set<{ stream: EventStream }> }>(EventStreams).open];
}

/** Makes a client, the last that came, stop reading, and fills all that lies between it and the API. */
export async function stuff(app: NestFastifyApplication, listener: EventListener): Promise<EventStream> {
  listener.response.pause();
  const { stream } = openStreams(app).at(-1) ?? {};
  if (!stream) throw new Error('there is no stream');
  const comment = Buffer.from(`:${'x'.repeat(1_048_576)}\n\n`);
  // What was written moves on into the sockets for as long as they have room: it is full when it stays so.
  let asks = 0;
  const staysFull = (): boolean => {
    asks = stream.isReady ? 0 : asks + 1;
    if (stream.isReady) stream.write(comment, 0);
    return asks > 25;
  };
  await eventually(staysFull, { what: 'the stream to be full' });
  return stream;
}
