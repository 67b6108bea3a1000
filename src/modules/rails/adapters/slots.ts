/**
 * Places for calls under way, handed out in the order in which they were asked for. Unlike in cockatiel's bulkhead, waiting ends with its
 * signal, not with its turn: a window that has closed must not be held open by the slow calls of others.
 */
export class Slots {
  private readonly waiting = new Set<Waiter>();
  /** One listener for all that wait under a signal: a listener for each would cost more than the waiting. */
  private readonly heard = new WeakSet<AbortSignal>();

  constructor(private free: number) {}

  /** Resolves to false, without a place, once `signal` is aborted. */
  async take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.free > 0) {
      this.free--;
      return true;
    }
    this.hear(signal);
    return new Promise((resolve) => this.waiting.add({ signal, resolve }));
  }

  /** Gives a place back: to whoever has waited longest. */
  release(): void {
    const [next] = this.waiting;
    if (!next) {
      this.free++;
      return;
    }
    this.waiting.delete(next);
    next.resolve(true);
  }

  private hear(signal: AbortSignal): void {
    if (this.heard.has(signal)) return;
    this.heard.add(signal);
    const giveUp = (): void => {
      for (const waiter of this.waiting) {
        if (waiter.signal !== signal) continue;
        this.waiting.delete(waiter);
        waiter.resolve(false);
      }
    };
    signal.addEventListener('abort', giveUp, { once: true });
  }
}

interface Waiter {
  readonly signal: AbortSignal;
  readonly resolve: (hasPlace: boolean) => void;
}
