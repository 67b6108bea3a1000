import type { INestApplicationContext } from '@nestjs/common';
import { Redis } from 'ioredis';
import { loadConfig } from '../../src/config/config.schema.js';
import { newId } from '../../src/domain/ids.js';
import { completeBulkRequestJob } from '../../src/modules/transfers/index.js';
import { Queues, RedisClient, RedisLock, Wake } from '../../src/platform/queue/index.js';
import { openConnection } from '../../src/platform/queue/redis-connection.js';
import { eventually } from '../support/eventually.js';
import { startTcpFreezer, type TcpFreezer } from '../support/tcp-freezer.js';
import { testRedisUrl } from '../support/test-redis.js';
import { startTestWorker, type TestWorker } from '../support/test-worker.js';

describe('a connection to Redis that falls silent', () => {
  let worker: TestWorker;
  let app: INestApplicationContext;
  let freezer: TcpFreezer;
  /** Not through the freezer. */
  let direct: Redis;
  beforeAll(async () => {
    freezer = await startTcpFreezer(await testRedisUrl());
    direct = new Redis(await testRedisUrl());
    worker = await startTestWorker({ REDIS_URL: freezer.url }, { working: false });
    app = worker.app;
  });
  afterEach(async () => {
    freezer.thaw();
    await eventually(() => app.get(RedisClient).isAnswering(), { what: 'Redis to answer again' });
  });
  afterAll(async () => {
    direct.disconnect();
    await worker.close();
    await freezer.close();
  });

  /** One that waits with its commands, and not long for answers. */
  const open = (): Redis => {
    const connection = openConnection(freezer.url, { maxRetriesPerRequest: null, silenceMs: 500 });
    return connection.on('error', () => undefined); // said at every attempt
  };

  it('fails what it was asked, where nothing may wait for Redis, and is made anew', async () => {
    freezer.freezeExisting();
    await expect(app.get(RedisClient).connection.get('x')).rejects.toThrow();
    await eventually(() => app.get(RedisClient).isAnswering(), { what: 'Redis to answer again' });
  });

  it('keeps no lock from being passed: the work is done', async () => {
    freezer.freezeAll();
    const work = jest.fn(async () => undefined);
    await expect(app.get(RedisLock).run('silent', 60_000, work)).resolves.toBe(true);
    expect(work).toHaveBeenCalledTimes(1);
  });

  it('is asked again, where commands wait for Redis', async () => {
    const connection = open();
    await connection.ping();
    freezer.freezeExisting();
    await expect(connection.ping()).resolves.toBe('PONG');
    connection.disconnect();
  });

  it('before it ever spoke is given up, too', async () => {
    freezer.freezeAll();
    const before = freezer.accepted;
    const connection = open();
    await eventually(() => freezer.accepted > before + 2, { what: 'two attempts to be given up' });
    freezer.thaw();
    await expect(connection.ping()).resolves.toBe('PONG');
    connection.disconnect();
  });

  it('is noticed by whoever listens for wake-ups, though it asks nothing', async () => {
    const config = loadConfig({ DATABASE_URL: worker.databaseUrl, REDIS_URL: freezer.url });
    const wake = new Wake(app.get(RedisClient), config);
    let woken = 0;
    wake.listen('chunks', () => (woken += 1));
    const isWoken = async (): Promise<boolean> => {
      const before = woken;
      await direct.publish('tranche:wake', 'chunks');
      await direct.ping(); // what was published is on its way by now
      return woken > before;
    };
    await eventually(isWoken, { what: 'the first wake-up' });
    freezer.freezeExisting();
    await eventually(isWoken, { what: 'wake-ups over a new connection' });
    wake.onApplicationShutdown();
  });

  it('keeps nobody who hands over jobs: that fails, and works the next time', async () => {
    const queues = app.get(Queues);
    const publish = (id: string) =>
      queues.publish([
        {
          job: completeBulkRequestJob.name,
          id,
          generation: 1,
          envelope: { organizationId: newId(), ids: { bulkId: id }, requestId: null, outboxId: null },
        },
      ]);
    await publish(newId());
    freezer.freezeExisting();
    const unsure = newId();
    await expect(publish(unsure)).rejects.toThrow('no answer');
    await eventually(() => app.get(RedisClient).isAnswering(), { what: 'Redis to answer again' });
    await publish(newId());
    // What was not answered was asked again on the new connection: late, and here nobody minds twice.
    await eventually(async () => (await queues.countWaiting(completeBulkRequestJob.name)) === 3, {
      what: 'three jobs',
    });
  });
});
