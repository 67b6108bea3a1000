import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';

/** What waits for a reader at most, besides the last piece that was written and what the socket holds. */
const ENOUGH_BYTES = 65_536;
/** How long a client waits before it connects again. */
const RETRY_MS = 3_000;
/** What was written is given so long to arrive at a reader that is told good-bye. */
const FAREWELL_MS = 2_000;
const HEARTBEAT = Buffer.from(':\n\n');

export const EVENT_STREAM_MEDIA_TYPE = 'text/event-stream';

/** One event as it travels. `data` is a single line. */
export function eventFrame({ id, event, data }: { id: number; event: string; data: string }): string {
  return `id: ${id}\nevent: ${event}\ndata: ${data}\n\n`;
}

/** An answer that goes on: server-sent events (HTML Living Standard, 9.2). It never holds more than its reader lets it. */
export class EventStream {
  /** What is sent, for Fastify. */
  readonly body: Readable;
  private readonly drainListeners: (() => void)[] = [];
  private readonly endListeners: (() => void)[] = [];
  private hasEnded = false;
  private hasRoom = true;

  constructor(
    private readonly response: ServerResponse,
    private readonly countSent: (events: number) => void,
  ) {
    this.body = new Readable({ highWaterMark: ENOUGH_BYTES, read: () => this.drained() });
    this.body.push(`retry: ${RETRY_MS}\n\n`);
    // Of a pipelined request the response may never close, only its connection does.
    const { socket } = response.req;
    const gone = (): void => this.finish();
    const ways = [response, socket, this.body];
    for (const way of ways) way.once('close', gone);
    this.onEnd(() => {
      for (const way of ways) way.off('close', gone);
    });
    // It closed while the answer was prepared, and says so only once.
    if (!response.destroyed && !socket.destroyed) return;
    this.body.push(null);
    this.finish();
  }

  /** False: the reader is slow. Nothing more is to be written until it has drained. */
  get isReady(): boolean {
    return this.hasRoom && !this.hasEnded;
  }

  /** Writes this many events. Whether more are welcome. */
  write(frames: Buffer, events: number): boolean {
    if (this.hasEnded) return false;
    this.countSent(events);
    this.hasRoom = this.body.push(frames);
    return this.hasRoom;
  }

  /** Bytes that the socket has taken over from us so far, or null when nothing waits for it. */
  get takenWhileWaiting(): number | null {
    const { socket } = this.response.req;
    if (this.body.readableLength + this.response.writableLength === 0) return null;
    return socket.bytesWritten - socket.writableLength;
  }

  /** Something is said now and then, so that neither a proxy nor the client takes the connection for dead. */
  beat(): void {
    if (this.isReady) this.write(HEARTBEAT, 0);
  }

  /** Called each time there is room again. */
  onDrain(listener: () => void): void {
    this.drainListeners.push(listener);
  }

  /** Called once, whoever ended it: at once, when it has ended already. */
  onEnd(listener: () => void): void {
    if (this.hasEnded) listener();
    else this.endListeners.push(listener);
  }

  /** What was written still arrives, if it is read. Resolves when the connection is gone. */
  async end(): Promise<void> {
    if (this.hasEnded) return;
    const { response } = this;
    const gone = new Promise((resolve) => [response, response.req.socket].map((way) => way.once('close', resolve)));
    this.body.push(null);
    this.finish();
    const patience = setTimeout(() => this.cut(), FAREWELL_MS);
    await gone;
    clearTimeout(patience);
  }

  /** For readers that do not read. */
  cut(): void {
    this.finish();
    this.body.destroy();
    this.response.destroy();
  }

  private drained(): void {
    if (this.hasRoom) return;
    this.hasRoom = true;
    for (const listener of this.drainListeners) listener();
  }

  private finish(): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    for (const listener of this.endListeners) listener();
  }
}
