import { randomUUID } from 'node:crypto';
import { Queue } from 'bullmq';
import type { Night } from './night.js';

type On = Pick<Night, 'sql' | 'redis'>;

/** Every job there is reason for, `times` over and under ids of their own, whether it is due, done or nonsense by now. */
export async function addEveryJob(night: On, times: number): Promise<void> {
  const chunks = await night.sql<{ id: string; rail: string }>(`SELECT id, rail FROM chunks`);
  const bulks = await night.sql<{ id: string }>(`SELECT id FROM bulk_requests`);
  for (const rail of new Set(chunks.map((chunk) => chunk.rail))) {
    const ids = chunks.filter((chunk) => chunk.rail === rail).map(({ id }) => ({ chunkId: id }));
    await add(night, `execute-chunk-${rail}`, ids, times);
  }
  await addCompletions(
    night,
    bulks.map(({ id }) => id),
    times,
  );
}

export async function addCompletions(night: On, bulkIds: readonly string[], times: number): Promise<void> {
  await add(
    night,
    'complete-bulk-request',
    bulkIds.map((bulkId) => ({ bulkId })),
    times,
  );
}

/** Nobody holds the lock any more that keeps a bulk from being completed by several at once. */
export async function deleteCompletionLocks({ redis }: Pick<Night, 'redis'>): Promise<void> {
  await redis.run(async (connection) => {
    const locks = await connection.keys('lock:complete-bulk-request:*');
    if (locks.length > 0) await connection.del(...locks);
  });
}

async function add({ redis }: On, name: string, ids: readonly object[], times: number): Promise<void> {
  await redis.run(async (connection) => {
    const { host = '', port = 0 } = connection.options;
    const queue = new Queue(name, { connection: { url: `redis://${host}:${port}` } });
    try {
      const jobs = ids.map((id) => ({ name, data: { ids: id, requestId: null, outboxId: null } }));
      const copies = Array.from({ length: times }, () => jobs).flat();
      await queue.addBulk(
        copies.map((job) => ({ ...job, opts: { jobId: `again-${randomUUID()}`, removeOnComplete: true } })),
      );
    } finally {
      await queue.close();
    }
  });
}
