// The types of ports.mjs, for the tests, which are TypeScript.

export declare function isPortFree(port: number, host?: string): Promise<boolean>;
export declare function freePort(): Promise<number>;
