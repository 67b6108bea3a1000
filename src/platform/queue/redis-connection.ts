import { Redis, type RedisOptions } from 'ioredis';

const COMMON = {
  // A connection that is ended on purpose does not wait long for a peer that may be gone.
  disconnectTimeout: 500,
  keepAlive: 10_000,
  retryStrategy: (attempt) => Math.min(attempt * 100, 1_000),
  // A failover made a replica of the server we are connected to: it answers, and takes nothing. Ask again where the address leads now.
  reconnectOnError: (error) => (error.message.includes('READONLY') ? 2 : false),
} satisfies RedisOptions;

const TICK_MS = 500;

/** Opens a connection that is made anew, for as long as it takes, whenever it breaks or falls silent. */
export function openConnection(url: string, { silenceMs, ...options }: RedisOptions & { silenceMs: number }): Redis {
  const connection = new Redis(url, { ...COMMON, ...options });
  connection.on('connect', () => endWhenSilent(connection, silenceMs));
  return connection;
}

/**
 * A peer that is gone without a word (a dead host behind a failover, a proxy that forgot us) looks like one that is thinking. Ends the
 * connection when something was asked and nothing came back, from the handshake on.
 *
 * Not ioredis' `socketTimeout`, whose timer outlives its connection and ends the next one (5.11), nor `commandTimeout`: when the event
 * loop was blocked, both fire before the answer that has arrived meanwhile is read. Ticks are counted, so it is read first here.
 */
function endWhenSilent(connection: Redis, silenceMs: number): void {
  const { stream } = connection;
  let silentTicks = 0;
  stream.on('data', () => (silentTicks = 0));
  const ticking = setInterval(() => {
    silentTicks = connection.commandQueue.length === 0 ? 0 : silentTicks + 1;
    if (silentTicks * TICK_MS > silenceMs) stream.destroy(new Error(`Redis said nothing for ${silenceMs} ms`));
  }, TICK_MS).unref();
  stream.once('close', () => clearInterval(ticking));
}

/** As much of BullMQ's queues and workers as reconnecting needs: a worker waits for jobs on a connection of its own. */
interface Connected {
  readonly client: Promise<Reconnectable>;
  readonly blockingClient?: Promise<Reconnectable> | undefined;
}
interface Reconnectable {
  readonly status: string;
  disconnect(reconnect?: boolean): void;
}

/**
 * Makes the live connections of a queue or a worker anew; what they were asked and did not answer is asked again on the new ones.
 * Those that are being made already are left alone: ending them would stop that.
 */
export async function reconnect({ client, blockingClient }: Connected): Promise<void> {
  // The promise of a connection that was never there yet stays open: it is being made for the first time.
  const notYet = Promise.resolve(null);
  const found = await Promise.all([client, blockingClient].map((connection) => Promise.race([connection, notYet])));
  for (const connection of found) {
    if (connection?.status === 'ready' || connection?.status === 'connect') connection.disconnect(true);
  }
}
