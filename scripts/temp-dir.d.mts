// The types of temp-dir.mjs, for the tests, which are TypeScript.

export declare function makeTempDir(label: string): string;
