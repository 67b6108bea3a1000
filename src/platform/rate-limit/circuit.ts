import { NoAnswerInTime } from '../deadline.js';

/** Asks something that may be away, and does not let each caller find that out for itself. */
export class Circuit {
  private openUntilMs = 0;
  private open = false;

  constructor(
    private readonly timeoutMs: number,
    private readonly pauseMs: number,
    private readonly onChange: (isOpen: boolean, cause?: unknown) => void,
  ) {}

  get isOpen(): boolean {
    return this.open;
  }

  /** Null when it was not asked, or did not answer. While it is away, one caller of each pause asks. */
  async ask<T>(work: () => Promise<T>): Promise<T | null> {
    const nowMs = performance.now();
    if (this.open && nowMs < this.openUntilMs) return null;
    if (this.open) this.openUntilMs = nowMs + this.pauseMs;
    try {
      const answer = await inTime(this.timeoutMs, work());
      if (this.open) this.change(false);
      return answer;
    } catch (error) {
      this.openUntilMs = performance.now() + this.pauseMs;
      if (!this.open) this.change(true, error);
      return null;
    }
  }

  private change(open: boolean, cause?: unknown): void {
    this.open = open;
    this.onChange(open, cause);
  }
}

/**
 * Not `within`: after the event loop was blocked, its timer fires before the answer that has arrived meanwhile is read. One more turn
 * reads it first.
 */
async function inTime<T>(timeoutMs: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const expired = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      setImmediate(() => reject(new NoAnswerInTime(`no answer within ${timeoutMs} ms`)));
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, expired]);
  } finally {
    clearTimeout(timer);
  }
}
