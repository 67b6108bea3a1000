// The types of secret-variables.mjs, for the tests, which are TypeScript.

export declare function secretOf(name: string, environment?: NodeJS.ProcessEnv): string | undefined;
