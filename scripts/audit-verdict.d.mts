// The types of audit-verdict.mjs, for the tests, which are TypeScript.

export declare function auditVerdict(
  output: string,
): { asked: false; reason: string } | { asked: true; findings: string[]; total: number };
