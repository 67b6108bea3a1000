import {
  circuitBreaker,
  type CircuitBreakerPolicy,
  CircuitState,
  CountBreaker,
  DelegateBackoff,
  handleWhenResult,
} from 'cockatiel';
import { TokenBucket } from 'limiter';
import { createLogger } from '../../../platform/logging/index.js';
import { Slots } from './slots.js';

export interface GateSettings {
  /** Calls under way at a time. */
  readonly concurrency: number;
  /** Metered calls per second; 0: as many as there are. */
  readonly ratePerSecond: number;
  /** For how long the breaker opens: the first time, then twice as long after every probe that fails, up to `longestOpenMs`. */
  readonly firstOpenMs: number;
  readonly longestOpenMs: number;
}

/** What the gate learns from a call. */
export interface CallVerdict {
  /** The rail is in trouble, not the payment. */
  readonly isRailFailure: boolean;
  /** The rail asks to be left alone for so long. */
  readonly retryAfterMs: number | undefined;
  /** What went wrong, for the log. */
  readonly code: string;
}

/** Why a call was not started. */
export interface Refusal {
  readonly refused: 'window_closed' | 'breaker_open' | 'rail_paused';
  readonly retryAfterMs: number;
}

/** A call that was started. An object around the promise, so that waiting for the start is not waiting for the end. */
export interface Started<T> {
  readonly result: Promise<T>;
}

export interface CallOptions {
  /** No call starts once it is aborted. */
  readonly signal: AbortSignal;
  /** Whether the call counts against the rate. */
  readonly isMetered: boolean;
}

/** Opens when more than half of the last 40 calls failed, as soon as there were five. A rail that drops every fifth call stays in use. */
const BREAKER = { threshold: 0.5, size: 40, minimumNumberOfCalls: 5 };
/** While one call probes, or others wait for the rate: ask again then. */
const ASK_AGAIN_MS = 500;

const logger = createLogger('rails');

/**
 * Everything that keeps this process from calling a rail too much: calls at a time, calls per second, the pause a rail asked for, and a
 * circuit breaker. Shared by all chunks of the process.
 */
export class RailGate {
  private readonly slots: Slots;
  private readonly bucket: TokenBucket | null;
  private readonly breaker: CircuitBreakerPolicy;
  private underWay = 0;
  private waitingForRate = 0;
  private pausedUntilMs = 0;
  private openForMs = 0;
  private openUntilMs = 0;
  private probe: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly rail: string,
    settings: GateSettings,
  ) {
    this.slots = new Slots(settings.concurrency);
    this.bucket = settings.ratePerSecond === 0 ? null : bucketFor(settings.ratePerSecond);
    this.breaker = this.newBreaker(settings);
  }

  get callsUnderWay(): number {
    return this.underWay;
  }

  get isClosed(): boolean {
    return this.breaker.state === CircuitState.Closed;
  }

  /** For how long no call would start: the longest of breaker, pause and, if it is metered, rate. */
  pausedForMs(isMetered = true): number {
    const rateMs = isMetered ? this.rateUsedUpForMs() : 0;
    return Math.ceil(Math.max(0, this.openForAnotherMs(), this.restOfPauseMs(), rateMs));
  }

  /**
   * Starts a call as soon as there is a place and the rate allows it, or says why not. The first call after the breaker's time is its
   * probe: others wait for its end.
   */
  async start<T extends CallVerdict>(call: () => Promise<T>, options: CallOptions): Promise<Started<T> | Refusal> {
    const early = this.refusal();
    if (early) return early;
    // The token first: who waits for it must not keep a place from those who need none.
    if (options.isMetered && !(await this.takeToken(options.signal))) return WINDOW_CLOSED;
    if (!(await this.slots.take(options.signal))) return WINDOW_CLOSED;
    let refusal: Refusal | null = null;
    while (!refusal && this.breaker.state === CircuitState.HalfOpen) {
      if (!(await isOverBefore(this.probe, options.signal))) refusal = WINDOW_CLOSED;
    }
    // From here to the start of the call nothing is awaited: of all that wait, only one can become the probe.
    refusal ??= options.signal.aborted ? WINDOW_CLOSED : this.refusal();
    if (refusal) {
      this.slots.release();
      return refusal;
    }
    const isProbe = !this.isClosed;
    const result = this.run(call);
    if (isProbe) this.probe = result;
    return { result };
  }

  private async run<T extends CallVerdict>(call: () => Promise<T>): Promise<T> {
    this.underWay++;
    try {
      const verdict = await this.breaker.execute(call);
      if (verdict.retryAfterMs !== undefined) this.pause(verdict.retryAfterMs);
      return verdict;
    } finally {
      this.underWay--;
      this.slots.release();
    }
  }

  private refusal(): Refusal | null {
    const pauseMs = this.restOfPauseMs();
    const openMs = this.breaker.state === CircuitState.Open ? this.openForAnotherMs() : 0;
    if (pauseMs <= 0 && openMs <= 0) return null;
    const refused = openMs > pauseMs ? 'breaker_open' : 'rail_paused';
    return { refused, retryAfterMs: Math.ceil(Math.max(pauseMs, openMs)) };
  }

  private async takeToken(signal: AbortSignal): Promise<boolean> {
    const { bucket } = this;
    if (!bucket) return true;
    this.waitingForRate++;
    try {
      while (!bucket.tryRemoveTokens(1)) {
        const waitMs = bucket.getWaitTime(1);
        if (!(await isOverBefore(new Promise((resolve) => setTimeout(resolve, waitMs)), signal))) return false;
      }
      return true;
    } finally {
      this.waitingForRate--;
    }
  }

  private pause(forMs: number): void {
    const untilMs = performance.now() + forMs;
    if (untilMs <= this.pausedUntilMs) return;
    if (forMs > 0 && this.restOfPauseMs() <= 0) logger.warn({ event: 'rail_paused', rail: this.rail, for_ms: forMs });
    this.pausedUntilMs = untilMs;
  }

  private restOfPauseMs(): number {
    return this.pausedUntilMs - performance.now();
  }

  /** Never longer than it was opened for, even if somebody sets the clock back, by which cockatiel goes. */
  private openForAnotherMs(): number {
    switch (this.breaker.state) {
      case CircuitState.Open:
        return Math.min(this.openUntilMs - Date.now(), this.openForMs);
      case CircuitState.HalfOpen:
        return ASK_AGAIN_MS;
      default:
        return 0;
    }
  }

  private rateUsedUpForMs(): number {
    const waitMs = this.bucket?.getWaitTime(1) ?? 0;
    return this.waitingForRate > 0 ? Math.max(waitMs, ASK_AGAIN_MS) : waitMs;
  }

  private newBreaker({ firstOpenMs, longestOpenMs }: GateSettings): CircuitBreakerPolicy {
    const breaker = circuitBreaker(
      handleWhenResult((result) => (result as CallVerdict).isRailFailure),
      {
        // Not by time, as SamplingBreaker: a rail with one payment a minute has its trouble noticed too.
        breaker: new CountBreaker(BREAKER),
        halfOpenAfter: new DelegateBackoff<{ attempt: number }>(({ attempt }) => {
          this.openForMs = Math.min(firstOpenMs * 2 ** (attempt - 1), longestOpenMs);
          return this.openForMs;
        }),
      },
    );
    breaker.onBreak((reason) => {
      this.openUntilMs = Date.now() + this.openForMs;
      const code = 'value' in reason ? (reason.value as CallVerdict).code : null;
      logger.warn({ event: 'rail_breaker_opened', rail: this.rail, code, for_ms: this.openForMs });
    });
    breaker.onReset(() => logger.info({ event: 'rail_breaker_closed', rail: this.rail }));
    return breaker;
  }
}

const WINDOW_CLOSED: Refusal = { refused: 'window_closed', retryAfterMs: 0 };

/** A burst of a tenth of a second: no second sees much more than the rate. */
function bucketFor(ratePerSecond: number): TokenBucket {
  const bucketSize = Math.max(1, Math.ceil(ratePerSecond / 10));
  const bucket = new TokenBucket({ bucketSize, tokensPerInterval: ratePerSecond, interval: 1_000 });
  bucket.content = bucketSize;
  return bucket;
}

/** Whether the promise settles before the signal is aborted. */
async function isOverBefore(promise: Promise<unknown>, signal: AbortSignal): Promise<boolean> {
  if (signal.aborted) return false;
  return new Promise((resolve) => {
    const giveUp = (): void => resolve(false);
    signal.addEventListener('abort', giveUp, { once: true });
    const goOn = (): void => {
      signal.removeEventListener('abort', giveUp);
      resolve(true);
    };
    promise.then(goOn, goOn);
  });
}
