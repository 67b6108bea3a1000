import { createIORedisClient, type RedisOptions, RedisConnection } from 'bullmq';
import type { Config } from '../../config/config.schema.js';
import { openConnection } from './redis-connection.js';

/** Longer than BullMQ ever waits for a job, 10 s: until then, saying nothing is the answer. */
const SILENCE_MS = 12_000;

/** What BullMQ's queues and workers connect with. Each makes connections of its own, which wait with their commands until Redis is back. */
export function queueConnection(config: Config): RedisOptions {
  RedisConnection.clientFactory = openForBullmq;
  return { url: config.REDIS_URL, maxRetriesPerRequest: null };
}

/** A worker's blocking connection has a name, by which BullMQ finds workers. */
function openForBullmq({ url = '', connectionName }: RedisOptions) {
  const named = connectionName === undefined ? {} : { connectionName };
  return createIORedisClient(openConnection(url, { maxRetriesPerRequest: null, silenceMs: SILENCE_MS, ...named }));
}
