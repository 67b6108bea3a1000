/** How failed attempts to authenticate are answered, whoever counts them. */

export const WINDOW_MS = 60_000;
const FIRST_BLOCK_MS = 60_000;
const LONGEST_BLOCK_MS = 3_600_000;
/** For how long it is remembered that somebody was blocked before. */
export const STRIKES_FORGOTTEN_MS = 86_400_000;

/** Twice as long each time, up to an hour. */
export function blockMs(strike: number): number {
  return Math.min(FIRST_BLOCK_MS * 2 ** (strike - 1), LONGEST_BLOCK_MS);
}

interface Seen {
  failures: number;
  windowEndsAtMs: number;
  strikes: number;
  blockedUntilMs: number;
}

/** Counts failures in the memory of this process, for a bounded number of clients: the one that was quiet for the longest is forgotten. */
export class LocalFailures {
  private readonly seen = new Map<string, Seen>();

  constructor(
    private readonly limit: number,
    private readonly maxClients: number,
  ) {}

  /** For how much longer nothing more is tried for the client; 0: it is not blocked. */
  blockedForMs(client: string, nowMs: number): number {
    return Math.max(0, (this.seen.get(client)?.blockedUntilMs ?? 0) - nowMs);
  }

  /** Counts one failure. For how long the client is blocked by it. */
  count(client: string, nowMs: number): number {
    const seen = this.touch(client, nowMs);
    seen.failures += 1;
    if (seen.failures < this.limit) return 0;
    seen.failures = 0;
    seen.strikes += 1;
    return this.block(client, blockMs(seen.strikes), nowMs);
  }

  /** What another process found. */
  block(client: string, forMs: number, nowMs: number): number {
    const seen = this.touch(client, nowMs);
    seen.blockedUntilMs = Math.max(seen.blockedUntilMs, nowMs + forMs);
    return seen.blockedUntilMs - nowMs;
  }

  private touch(client: string, nowMs: number): Seen {
    const known = this.seen.get(client);
    this.seen.delete(client);
    const seen = known ?? { failures: 0, windowEndsAtMs: 0, strikes: 0, blockedUntilMs: 0 };
    if (nowMs >= seen.windowEndsAtMs) Object.assign(seen, { failures: 0, windowEndsAtMs: nowMs + WINDOW_MS });
    if (nowMs >= seen.blockedUntilMs + STRIKES_FORGOTTEN_MS) seen.strikes = 0;
    this.seen.set(client, seen);
    if (this.seen.size > this.maxClients) this.forgetQuietest();
    return seen;
  }

  private forgetQuietest(): void {
    for (const client of this.seen.keys()) {
      this.seen.delete(client);
      return;
    }
  }
}
