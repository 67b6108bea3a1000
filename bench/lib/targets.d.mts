// The types of targets.mjs, for its tests, which are TypeScript.

export interface Target {
  what: string;
  bound: 'at least' | 'at most';
  wanted: number;
  measured: number;
  unit: string;
  note?: string;
}

export declare function isMet(target: Target): boolean;
export declare function verdict(target: Target): string;
export declare function targetCells(target: Target): string[];
