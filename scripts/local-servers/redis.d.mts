// The types of redis.mjs, for the tests, which are TypeScript.

export declare function startRedis(options: {
  dir: string;
  databases?: number;
  removeDir?: string;
}): Promise<{ url: string; stop: () => Promise<void> }>;
