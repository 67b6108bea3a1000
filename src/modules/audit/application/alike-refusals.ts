import type { Refusal } from '../../../platform/http/index.js';

/** Refusals of one minute that are alike: the same caller, route, status and code. */
export interface AlikeRefusals {
  /** How many there were besides the first. */
  readonly count: number;
  /** Of the first among these. */
  readonly since: Date;
  readonly last: Refusal;
}

/** So many kinds a minute are told apart of each caller, of whom all without a key are one. A client that works has far fewer. */
export const MAX_KINDS = 100;
/** The same for all of them together, which is what a process holds in memory. */
const MAX_KINDS_OF_ALL = 5_000;

/** Tells the first refusal of a kind from those that repeat it. */
export class RefusalMinute {
  private readonly kinds = new Map<string, AlikeRefusals | null>();
  private readonly kindsOf = new Map<string, number>();

  /** `alike`: it is counted with others. `unknown`: there are too many kinds already. */
  take(refusal: Refusal): 'first' | 'alike' | 'unknown' {
    const kind = kindOf(refusal);
    const alike = this.kinds.get(kind);
    if (alike !== undefined) {
      this.kinds.set(kind, { count: (alike?.count ?? 0) + 1, since: alike?.since ?? refusal.at, last: refusal });
      return 'alike';
    }
    const caller = callerOf(refusal);
    const known = this.kindsOf.get(caller) ?? 0;
    if (known >= MAX_KINDS || this.kinds.size >= MAX_KINDS_OF_ALL) return 'unknown';
    this.kinds.set(kind, null);
    this.kindsOf.set(caller, known + 1);
    return 'first';
  }

  /** What was counted; the next refusal of any kind is a first one again. */
  end(): AlikeRefusals[] {
    const counted = [...this.kinds.values()].filter((alike) => alike !== null);
    this.kinds.clear();
    this.kindsOf.clear();
    return counted;
  }
}

const callerOf = ({ organizationId, actor }: Refusal): string =>
  JSON.stringify([organizationId, actor.kind, actor.id, actor.keyId]);

const kindOf = (refusal: Refusal): string =>
  JSON.stringify([callerOf(refusal), refusal.method, refusal.route, refusal.status, refusal.code]);
