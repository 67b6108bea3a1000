// The types of stats.mjs, for its tests, which are TypeScript.

export declare function percentile(values: readonly number[], percent: number): number;
export declare function median(values: readonly number[]): number;
export declare function min(values: readonly number[]): number;
export declare function max(values: readonly number[]): number;
export declare function summary(values: readonly number[]): { median: number; min: number; max: number };
export declare function spread(values: readonly number[], digits?: number): string;
export declare function formatNumber(value: number, digits?: number): string;
