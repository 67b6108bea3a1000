/**
 * Places for calls under way, handed out in the order in which they were asked for. Unlike in cockatiel's bulkhead, waiting ends with its
 * signal, not with its turn: a window that has closed must not be held open by the slow calls of others.
 */
export class Slots {
  private readonly waiting = new Set<() => void>();

  constructor(private free: number) {}

  /** Resolves to false, without a place, once `signal` is aborted. */
  async take(signal: AbortSignal): Promise<boolean> {
    if (signal.aborted) return false;
    if (this.free > 0) {
      this.free--;
      return true;
    }
    return new Promise((resolve) => {
      const giveUp = (): void => {
        this.waiting.delete(go);
        resolve(false);
      };
      const go = (): void => {
        signal.removeEventListener('abort', giveUp);
        resolve(true);
      };
      this.waiting.add(go);
      signal.addEventListener('abort', giveUp, { once: true });
    });
  }

  /** Gives a place back: to whoever has waited longest. */
  release(): void {
    const [next] = this.waiting;
    if (!next) {
      this.free++;
      return;
    }
    this.waiting.delete(next);
    next();
  }
}
