import { type AuditEntry, type AuditHead, NO_HASH } from './audit-entry.js';

/**
 * `gap`: an entry is missing, or one too many is there. `previous_hash`: it does not follow the one before it. `hash`: it does not say any
 * more what was hashed. `head`: the chain does not end where its head says.
 */
export const CHAIN_PROBLEMS = ['hash', 'gap', 'previous_hash', 'head'] as const;
export type ChainProblem = (typeof CHAIN_PROBLEMS)[number];

/** The first place of a chain that is not as it was written. */
export interface BrokenLink {
  readonly chain: AuditEntry['chain'];
  readonly sequence: number;
  /** Null when the entry of this sequence is missing. */
  readonly id: string | null;
  readonly problem: ChainProblem;
}

/** Follows one chain entry by entry, from its beginning, and remembers only where it is. */
export class ChainCheck {
  checked = 0;
  private last: Pick<AuditEntry, 'sequence' | 'hash'> & { readonly id: string | null } = {
    sequence: 0,
    hash: NO_HASH,
    id: null,
  };

  constructor(
    private readonly chain: AuditEntry['chain'],
    private readonly hashOf: (entry: AuditEntry) => string,
  ) {}

  /** The next entry by sequence. What is wrong with it, or null. */
  take(entry: AuditEntry): BrokenLink | null {
    this.checked += 1;
    const problem = this.problemOf(entry);
    const isMissing = problem === 'gap' && entry.sequence > this.last.sequence;
    this.last = isMissing ? { ...this.last, sequence: this.last.sequence + 1, id: null } : entry;
    return problem && this.broken(problem);
  }

  /**
   * There is no further entry.
   *
   * @param mustHaveBegun whether a chain without a head was wiped
   */
  end(head: AuditHead | null, mustHaveBegun = false): BrokenLink | null {
    if (!head && mustHaveBegun && this.last.sequence === 0) return this.missing();
    const sequence = head?.sequence ?? 0;
    if (sequence === this.last.sequence && (head?.hash ?? NO_HASH) === this.last.hash) return null;
    // Cut off: the first entry that is not there any more.
    return sequence > this.last.sequence ? this.missing() : this.broken('head');
  }

  private missing(): BrokenLink {
    this.last = { ...this.last, sequence: this.last.sequence + 1, id: null };
    return this.broken('head');
  }

  private problemOf(entry: AuditEntry): ChainProblem | null {
    if (entry.sequence !== this.last.sequence + 1) return 'gap';
    if (entry.previousHash !== this.last.hash) return 'previous_hash';
    return this.hashOf(entry) === entry.hash ? null : 'hash';
  }

  private broken(problem: ChainProblem): BrokenLink {
    return { chain: this.chain, sequence: this.last.sequence, id: this.last.id, problem };
  }
}
