import { LONGEST_ASKED_PAUSE_MS } from '../../domain/retry-pause.js';

/** IMF-fixdate and the obsolete form of RFC 850. Without the zone, the third form of RFC 9110 would be read as local time. */
const HTTP_DATE = /^[A-Z][a-z]{2,8}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;

/** `Retry-After` in seconds or as a date (RFC 9110, 10.2.3), a day at most. Null when it is missing or makes no sense. */
export function retryAfterMs(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : HTTP_DATE.test(text) ? Date.parse(text) - nowMs : NaN;
  return Number.isNaN(waitMs) ? null : Math.min(Math.max(waitMs, 0), LONGEST_ASKED_PAUSE_MS);
}
