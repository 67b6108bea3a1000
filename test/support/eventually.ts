import { setTimeout as pause } from 'node:timers/promises';
import { inspect } from 'node:util';

const POLL_INTERVAL_MS = 20;

export interface EventuallyOptions {
  timeoutMs?: number;
  /** What is awaited, for the failure message: "the bulk to complete". */
  what: string;
}

/**
 * Asks again and again until the answer is something other than `undefined` or `false`, and returns it. A check that throws counts
 * as "not yet". The failure says what came last, the error or the value.
 */
export async function eventually<T>(
  check: () => Promise<T | undefined | false> | T | undefined | false,
  { timeoutMs = 20_000, what }: EventuallyOptions,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    let last: string;
    try {
      const value = await check();
      if (value !== undefined && value !== false) return value;
      last = `last value: ${inspect(value)}`;
    } catch (error) {
      last = `last error: ${error instanceof Error ? error.message : inspect(error)}`;
    }
    if (performance.now() > deadline) throw new Error(`Waited ${timeoutMs} ms for ${what} in vain; ${last}`);
    await pause(POLL_INTERVAL_MS);
  }
}
