import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { startPostgres } from '../../../scripts/local-servers/postgres.mjs';
import { startRedis } from '../../../scripts/local-servers/redis.mjs';
import { eventually } from '../../support/eventually.js';
import { startTcpFreezer, type TcpFreezer } from '../../support/tcp-freezer.js';

/** A server that can be taken away and brought back; its address stays, because everybody talks to it through a relay. */
export interface LabServer {
  readonly url: string;
  readonly relay: TcpFreezer;
  close(): Promise<void>;
}

export interface LabPostgres extends LabServer {
  /** `pg_ctl restart -m immediate`: as after a crash, it recovers from its log. */
  restartImmediately(): Promise<void>;
}

export interface LabRedis extends LabServer {
  /** FLUSHALL. */
  wipe(): Promise<void>;
  /** Commands of our own, around the relay. */
  run<T>(work: (redis: Redis) => Promise<T>): Promise<T>;
  /** Gone for that long, then back with what it had written down. */
  away(ms: number): Promise<void>;
  /** kill -9 and a new one without any data. */
  restartEmpty(): Promise<void>;
}

/** A crash of the server keeps every commit with these: they only do not guard against a crash of the whole machine. */
const FLAGS = ['fsync=off', 'full_page_writes=off', 'synchronous_commit=on'];

export async function startLabPostgres(dir: string): Promise<LabPostgres> {
  const options = { dir: path.join(dir, 'postgres'), flags: FLAGS, removeDir: dir };
  let server = await startPostgres(options);
  const relay = await startTcpFreezer(server.url);
  return {
    url: relay.url,
    relay,
    restartImmediately: async () => {
      const pid = Number.parseInt(readFileSync(path.join(server.dir, 'postmaster.pid'), 'utf8'), 10);
      process.kill(pid, 'SIGQUIT');
      await eventually(() => !isAlive(pid), { what: 'PostgreSQL to be gone' });
      server = await startPostgres(options);
      relay.retarget(server.url);
    },
    close: async () => {
      await relay.close();
      await server.stop();
    },
  };
}

export async function startLabRedis(dir: string): Promise<LabRedis> {
  let generation = 0;
  const start = (): ReturnType<typeof startRedis> => startRedis({ dir: path.join(dir, `redis-${generation}`) });
  let server = await start();
  const relay = await startTcpFreezer(server.url);
  const restart = async (): Promise<void> => {
    server = await start();
    relay.retarget(server.url);
  };
  const run = async <T>(work: (redis: Redis) => Promise<T>): Promise<T> => {
    const redis = new Redis(server.url);
    try {
      return await work(redis);
    } finally {
      redis.disconnect();
    }
  };
  return {
    url: relay.url,
    relay,
    run,
    wipe: () => run(async (redis) => void (await redis.flushall())),
    away: async (ms) => {
      await server.stop();
      await delay(ms);
      await restart();
    },
    restartEmpty: async () => {
      await server.stop();
      generation += 1;
      await restart();
    },
    close: async () => {
      await relay.close();
      await server.stop();
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false; // no such process
  }
}
