import type { Redis } from 'ioredis';

const CONFUSED = /^Command queue state error/;

/**
 * A connection that emits every command of anybody as `monitor`. Not `redis.monitor()`: when a command of somebody else comes with the
 * answer to MONITOR, ioredis takes it for an answer too many, and connects anew; that one it gives up, this one it makes ready.
 */
export async function startMonitor(redis: Redis): Promise<Redis> {
  const monitor = redis.duplicate({ monitor: true, lazyConnect: false });
  await new Promise<void>((resolve, reject) => {
    monitor.on('error', (error: Error) => {
      if (!CONFUSED.test(error.message)) reject(error);
    });
    monitor.once('monitoring', () => resolve());
  });
  return monitor;
}
