import type { Redis } from 'ioredis';
import type { Client } from 'pg';

/** A text that is kept somewhere, and where. */
export interface Source {
  readonly where: string;
  readonly text: string;
}

/** Every key of a logical database of Redis with all it holds, whatever its type. */
export async function redisSources(redis: Redis): Promise<Source[]> {
  const sources: Source[] = [];
  let cursor = '0';
  do {
    const [next, keys] = await redis.scan(cursor, 'COUNT', 1_000);
    cursor = next;
    for (const key of keys) sources.push({ where: `Redis ${key}`, text: `${key}\n${await valueOf(redis, key)}` });
  } while (cursor !== '0');
  return sources;
}

async function valueOf(redis: Redis, key: string): Promise<string> {
  const type = await redis.type(key);
  switch (type) {
    case 'string':
      return (await redis.get(key)) ?? '';
    case 'list':
      return (await redis.lrange(key, 0, -1)).join('\n');
    case 'set':
      return (await redis.smembers(key)).join('\n');
    case 'zset':
      return (await redis.zrange(key, 0, -1)).join('\n');
    case 'hash':
      return Object.entries(await redis.hgetall(key))
        .flat()
        .join('\n');
    case 'stream':
      return JSON.stringify(await redis.xrange(key, '-', '+'));
    case 'none':
      return ''; // it has expired meanwhile
    default:
      throw new Error(`What a ${type} of Redis holds, nobody looks at.`);
  }
}

/** Every column of every table of the product, `table.column` each, with all its values. Bytes are read as text, too. */
export async function databaseSources(client: Client): Promise<Source[]> {
  const columns = await client.query<{ table: string; column: string; type: string }>(
    `SELECT c.relname AS "table", a.attname AS "column", a.atttypid::regtype::text AS type
       FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
      WHERE c.relkind IN ('r', 'p', 'm') AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY 1, a.attnum`,
  );
  const sources: Source[] = [];
  for (const { table, column, type } of columns.rows) {
    const value = type === 'bytea' ? `"${column}"` : `"${column}"::text`;
    const { rows } = await client.query<{ value: string | Buffer }>(
      `SELECT ${value} AS value FROM "${table}" WHERE "${column}" IS NOT NULL`,
    );
    const texts = rows.map((row) => (Buffer.isBuffer(row.value) ? readings(row.value) : row.value));
    sources.push({ where: `${table}.${column}`, text: texts.join('\n') });
  }
  return sources;
}

const readings = (bytes: Buffer): string => `${bytes.toString('utf8')}\n${bytes.toString('hex')}`;
