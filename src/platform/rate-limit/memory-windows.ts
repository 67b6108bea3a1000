export interface Counted {
  readonly used: number;
  readonly resetMs: number;
}

/** What all share that came when the table was full. */
const OTHERS = 'others';

/** Counts in the memory of one process, in windows that all begin at the same moment. It holds a bounded number of names. */
export class MemoryWindows {
  private readonly counts = new Map<string, number>();
  private window = -1;

  constructor(
    private readonly windowMs: number,
    private readonly maxNames: number,
  ) {}

  get size(): number {
    return this.counts.size;
  }

  take(name: string, nowMs: number): Counted {
    const window = Math.floor(nowMs / this.windowMs);
    if (window !== this.window) {
      this.counts.clear();
      this.window = window;
    }
    const key = this.counts.has(name) || this.counts.size < this.maxNames ? name : OTHERS;
    const used = (this.counts.get(key) ?? 0) + 1;
    this.counts.set(key, used);
    return { used, resetMs: (window + 1) * this.windowMs - nowMs };
  }
}
