import { setTimeout as delay } from 'node:timers/promises';
import type { FaultPlan } from '../../support/bank.js';
import { addEveryJob, deleteCompletionLocks } from './jobs.js';
import { LEASE_MS, type Night } from './night.js';

/** What can go wrong in a night. Each is over, but for its consequences, when it resolves. */
export const DISTURBANCES: Readonly<Record<string, (night: Night) => Promise<void>>> = {
  'kill -9 of a worker': ({ workers }) => workers.kill(),
  'a worker asleep beyond its lease': async ({ workers, random }) => {
    const sleeper = await workers.pick();
    process.kill(sleeper.pid, 'SIGSTOP');
    await delay(LEASE_MS + random.integer(500, 2_000));
    process.kill(sleeper.pid, 'SIGCONT');
  },
  'FLUSHALL of Redis': ({ redis }) => redis.wipe(),
  'Redis restarted without its data': ({ redis }) => redis.restartEmpty(),
  'Redis away': ({ redis, random }) => redis.away(random.integer(100, 4_000)),
  'all connections to Redis cut': async ({ redis }) => redis.relay.cut(),
  'Redis silent': async ({ redis, random }) => {
    redis.relay.freezeAll();
    await delay(random.integer(500, 3_000));
    redis.relay.thaw();
  },
  'PostgreSQL crashed': ({ postgres }) => postgres.restartImmediately(),
  'all connections to PostgreSQL cut': async ({ postgres }) => postgres.relay.cut(),
  'kill -9 of the bank': async ({ bank }) => {
    await bank.kill();
    await bank.restart();
  },
  'every job added twice more': (night) => addEveryJob(night, 2),
  'the completion locks deleted': (night) => deleteCompletionLocks(night),
  'kill -9 of the API': async (night) => {
    await night.killApi();
    await night.replaceApi();
  },
};

/** A bank with something wrong with it, but nothing that contradicts itself. */
export function randomFaults({ random }: Pick<Night, 'random'>): FaultPlan {
  const seed = random.integer(0, 1_000_000);
  const latency: FaultPlan = { seed, latency_ms: { min: 10, max: random.integer(50, 400) } };
  const plans: FaultPlan[] = [
    {},
    { execute_then_drop: { rate: 0.2 } },
    { execute_then_drop: { rate: 0.1 }, delayed_visibility_ms: { ms: 700 } },
    { drop_before: { rate: 0.1 }, error_before: { rate: 0.1 } },
    { error_after: { rate: 0.1 }, garbage: { rate: 0.1 }, inquiry_error: { rate: 0.2 } },
    { not_accepted: { rate: 0.3, count: 100, status: 503, retry_after: 1 } },
    { duplicate_callbacks: { times: 3 } },
  ];
  return { ...latency, ...random.pick(plans) };
}
