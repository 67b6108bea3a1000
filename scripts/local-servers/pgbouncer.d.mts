// The types of pgbouncer.mjs, for the tests, which are TypeScript.

export declare function findPgBouncer(): { command: string; env: NodeJS.ProcessEnv } | undefined;
export declare function startPgBouncer(options: {
  dir: string;
  databaseUrl: string;
  poolSize: number;
}): Promise<{ url: string; stop: () => Promise<void> }>;
