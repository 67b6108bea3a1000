import type { PaymentAnswer, PaymentOutcome } from '../../../domain/payment-outcome.js';
import { TEXT_PATTERN } from '../../../domain/text.js';
import type { PaymentOperation } from './rail.js';

/** What a call to the bank came to, before anybody looks at what it means. */
export type BankReply =
  /** A whole answer. `body` is its JSON, undefined when it is none. */
  | { readonly kind: 'answered'; readonly status: number; readonly retryAfter: string | null; readonly body: unknown }
  /** No connection was made, so nothing of the request can have left this machine. */
  | { readonly kind: 'not_sent'; readonly code: NotSentCode }
  /** It may have arrived; what became of it is not known. */
  | { readonly kind: 'lost'; readonly code: LostCode };

export type NotSentCode =
  'connection_refused' | 'dns_failure' | 'unreachable' | 'connect_timeout' | 'tls_failed' | 'not_connected';
export type LostCode = 'timeout' | 'connection_lost' | 'unreadable_answer';

type Answered = Extract<BankReply, { kind: 'answered' }>;
type Unknown = Extract<PaymentOutcome, { kind: 'unknown' }>;

/** ISO 20022 ExternalStatusReason1Code has 1 to 4 characters, a proprietary code up to 35; never a sentence, never an IBAN. */
export const REASON_CODE_PATTERN = '^[A-Za-z0-9][A-Za-z0-9_.:-]{0,34}$';
const MAX_RAIL_ID_LENGTH = 255;
/** ISO 20022: "not specified". For a bank that rejects without a reason. */
const NO_REASON = 'NARR';

/** ISO 20022 ExternalStatusReason1Code: a duplicate (AM05, DUPL), or an id that was there before (DU01 to DU05). */
const DUPLICATE = /^(AM05|DU0[1-5]|DUPL)$/i;
const NOT_ABOUT_IT = 'The answer is not about this payment';

const REASON_CODE = new RegExp(REASON_CODE_PATTERN);
const TEXT = new RegExp(TEXT_PATTERN, 'u');

/** Answers that say that it is not this payment that is wrong, but the way to the bank: its address, or our token. */
const CLOSED_DOORS = new Set([401, 403, 404, 405]);

/**
 * What the answer to `POST /payments` says about the payment. Whatever is not exactly as documented is `unknown`: a wrong "paid" or "not
 * paid" costs money, a doubt costs a question.
 */
export function submissionOutcome(
  reply: BankReply,
  reference: string,
  retryAfterMs: number | undefined,
): PaymentOutcome {
  switch (reply.kind) {
    case 'not_sent':
      return { kind: 'not_accepted', code: reply.code, detail: 'The bank could not be reached' };
    case 'lost':
      return lost(reply.code);
    case 'answered':
      if (isRefusal(reply)) return notAccepted(reply, reference, retryAfterMs);
      return inDoubtIfKnown(wordAbout(reference, reply));
  }
}

/** What the answer to `GET /payments/{reference}` says about the payment. */
export function inquiryAnswer(reply: BankReply, reference: string): PaymentAnswer {
  switch (reply.kind) {
    case 'not_sent':
      return { kind: 'unknown', code: reply.code, detail: 'The bank could not be reached' };
    case 'lost':
      return lost(reply.code);
    case 'answered':
      return reply.status === 404 ? { kind: 'not_found' } : wordAbout(reference, reply);
  }
}

/** Whether a reply says that the rail itself is in trouble: what its circuit breaker counts. */
export function isRailFailure(reply: BankReply, operation: PaymentOperation): boolean {
  if (reply.kind !== 'answered') return true;
  if (reply.status >= 500) return !isRefusal(reply);
  if (operation === 'inquire' && reply.status === 404) return false;
  return CLOSED_DOORS.has(reply.status);
}

/**
 * For how long the bank asks to be left alone: `Retry-After` of a 429 or a 503, in seconds or as a date (RFC 9110, 10.2.3), at most
 * `maxMs`. Undefined when it does not say.
 */
export function retryAfterMs(reply: BankReply, nowMs: number, maxMs: number): number | undefined {
  if (reply.kind !== 'answered' || reply.retryAfter === null) return undefined;
  if (reply.status !== 429 && reply.status !== 503) return undefined;
  const text = reply.retryAfter.trim();
  const waitMs = /^\d+$/.test(text) ? Number(text) * 1_000 : HTTP_DATE.test(text) ? Date.parse(text) - nowMs : NaN;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), maxMs);
}

/** IMF-fixdate and the obsolete form of RFC 850. Without the zone, the third form of RFC 9110 would be read as local time. */
const HTTP_DATE = /^[A-Z][a-z]{2,8}, \d{2}[ -][A-Z][a-z]{2}[ -]\d{2,4} \d{2}:\d{2}:\d{2} GMT$/;

/** The documented "not taken": 429 or 503 with `{"status": "not_accepted"}`. Without that body nothing is sure. */
function isRefusal({ status, body }: Answered): boolean {
  return (status === 429 || status === 503) && fieldsOf(body)?.status === 'not_accepted';
}

function notAccepted({ status, body }: Answered, reference: string, waitMs: number | undefined): PaymentOutcome {
  const { reference: about = reference } = fieldsOf(body) ?? {};
  if (!isSameReference(about, reference)) return unreadable(NOT_ABOUT_IT);
  const refusal = {
    kind: 'not_accepted',
    code: 'not_accepted',
    detail: `The bank did not take it (${status})`,
  } as const;
  return waitMs === undefined ? refusal : { ...refusal, retryAfterMs: waitMs };
}

/**
 * A payment that is refused because the bank has it already may have been executed when it came first, by whatever way it came twice.
 * Asked for the reference, the bank says what became of it.
 */
function inDoubtIfKnown(outcome: PaymentOutcome): PaymentOutcome {
  if (outcome.kind !== 'rejected' || !DUPLICATE.test(outcome.code)) return outcome;
  return { kind: 'unknown', code: 'duplicate', detail: `The bank has it already (${outcome.code})` };
}

function wordAbout(
  reference: string,
  { status, body }: Answered,
): Extract<PaymentAnswer, { kind: 'settled' | 'accepted' | 'rejected' | 'unknown' }> {
  if (status !== 200 && status !== 201) return unexpected(status);
  const word = fieldsOf(body);
  if (!word) return unreadable('The answer is not a JSON object');
  if (!isSameReference(word.reference, reference)) return unreadable(NOT_ABOUT_IT);
  switch (word.status) {
    case 'settled':
    case 'accepted':
      if (!isRailId(word.rail_id)) return unreadable('The answer has no usable rail_id');
      return { kind: word.status, railId: word.rail_id };
    case 'rejected': {
      const code = word.reason_code ?? NO_REASON;
      if (typeof code !== 'string' || !REASON_CODE.test(code))
        return unreadable('The answer has no usable reason_code');
      return { kind: 'rejected', code, detail: 'Rejected by the bank' };
    }
    default:
      return unreadable('The answer has no status that is known');
  }
}

/** Banks like upper case; the digits are ours all the same. */
function isSameReference(value: unknown, reference: string): boolean {
  return typeof value === 'string' && value.toLowerCase() === reference.toLowerCase();
}

function isRailId(value: unknown): value is string {
  return typeof value === 'string' && value.length >= 1 && value.length <= MAX_RAIL_ID_LENGTH && TEXT.test(value);
}

function unexpected(status: number): Unknown {
  const detail = `The bank answered ${status}`;
  if (status >= 500) return { kind: 'unknown', code: 'http_5xx', detail };
  if (status >= 400) return { kind: 'unknown', code: 'http_4xx', detail };
  if (status >= 300) return { kind: 'unknown', code: 'http_3xx', detail };
  return unreadable(detail);
}

const LOST: Readonly<Record<LostCode, string>> = {
  timeout: 'No answer in time',
  connection_lost: 'The connection broke before the answer was complete',
  unreadable_answer: 'The answer could not be read',
};

const lost = (code: LostCode): Unknown => ({ kind: 'unknown', code, detail: LOST[code] });

const unreadable = (detail: string): Unknown => ({ kind: 'unknown', code: 'unreadable_answer', detail });

/** The fields of a JSON object; null for everything else. */
function fieldsOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null;
}
