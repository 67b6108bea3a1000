// The types of postgres.mjs, for the tests, which are TypeScript.

export declare function startPostgres(options: {
  dir: string;
  flags?: string[];
  removeDir?: string;
}): Promise<{ url: string; dir: string; stop: () => Promise<void> }>;
