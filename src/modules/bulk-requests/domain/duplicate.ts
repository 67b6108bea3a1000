import { DUPLICATE_POLICIES, type DuplicatePolicy } from '../../../domain/duplicate-policy.js';

export { DUPLICATE_POLICIES, type DuplicatePolicy } from '../../../domain/duplicate-policy.js';

/** A payment as its fingerprint sees it. Two are alike when all of it is equal. */
export interface Fingerprinted {
  readonly line: number;
  /** Keyed digest of the counterparty's IBAN. */
  readonly counterpartyIndex: bigint;
  readonly amountMinor: bigint;
  /** ISO 20022 external purpose code, if given. */
  readonly purposeCode: string | null;
}

/** A line that looks like one that is, or was, being paid. */
export interface SuspectedDuplicate {
  readonly line: number;
  /** The earlier transfer; null when it is an earlier line of the same request. */
  readonly transferId: string | null;
  /** The earlier line of the same request. */
  readonly likeLine: number | null;
}

/** The organization's own policy is the least that holds: a request can only be stricter. */
export function strictest(policy: DuplicatePolicy, asked: DuplicatePolicy | undefined): DuplicatePolicy {
  if (asked === undefined) return policy;
  return DUPLICATE_POLICIES.indexOf(asked) > DUPLICATE_POLICIES.indexOf(policy) ? asked : policy;
}

/**
 * What to do about what was found. An override lets through what would be blocked, and is audited; what waits for an approval, waits.
 */
export function decideDuplicates(
  policy: DuplicatePolicy,
  found: number,
  overrideReason: string | null,
): 'accept' | 'warn' | 'hold' | 'refuse' {
  if (found === 0) return 'accept';
  if (policy === 'block') return overrideReason === null ? 'refuse' : 'warn';
  return policy;
}

/** Beyond this many, a warning only counts the others. */
const MAX_WARNINGS = 100;

/** A line for each finding, the code first; what it looks like is named by its id or its place. */
export function warningsAbout(found: readonly SuspectedDuplicate[], pointerOf: (line: number) => string): string[] {
  const warnings = found
    .slice(0, MAX_WARNINGS)
    .map((one) => `suspected_duplicate: ${pointerOf(one.line) || '/'} looks like ${likeness(one, pointerOf)}`);
  const others = found.length - warnings.length;
  return others > 0 ? [...warnings, `suspected_duplicate: ${others} more`] : warnings;
}

/** What a finding looks like, in words. */
export const likeness = ({ transferId, likeLine }: SuspectedDuplicate, pointerOf: (line: number) => string): string =>
  transferId === null ? pointerOf(likeLine ?? 0) : `the transfer ${transferId}`;

/** Lines of one request that are alike: each but the first, with the one before it. */
export function alikeWithin(lines: Iterable<Fingerprinted>): SuspectedDuplicate[] {
  const firstOf = new Map<string, number>();
  const found: SuspectedDuplicate[] = [];
  for (const { line, counterpartyIndex, amountMinor, purposeCode } of lines) {
    const key = `${counterpartyIndex} ${amountMinor} ${purposeCode ?? ''}`;
    const likeLine = firstOf.get(key);
    if (likeLine === undefined) firstOf.set(key, line);
    else found.push({ line, transferId: null, likeLine });
  }
  return found;
}

/** One finding a line, in order: an earlier payment says more than an earlier line. */
export function mergeSuspected(
  earlier: readonly SuspectedDuplicate[],
  within: readonly SuspectedDuplicate[],
): SuspectedDuplicate[] {
  const byLine = new Map(within.map((one) => [one.line, one]));
  for (const one of earlier) byLine.set(one.line, one);
  return [...byLine.values()].sort((a, b) => a.line - b.line);
}
