import { containsIban } from '../../domain/iban.js';

/** Field names, without case, underscores and dashes, whose values never reach a log. */
const PRIVATE_FIELDS = new Set([
  'authorization',
  'cookie',
  'xapikey',
  'apikey',
  'key',
  'password',
  'secret',
  'token',
  'signingsecret',
  'iban',
  'counterpartyiban',
  'organizationiban',
  'name',
  'counterpartyname',
  'organizationname',
  'legalname',
  'description',
  'remittance',
]);

/** IBANs, keys and tokens inside other texts: database messages like to quote values. */
const IBAN = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/g;
/** In lower case, as callers may write it. So look many hashes: the check digits tell them apart. */
const MAYBE_IBAN = /\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]){11,30}\b/gi;
/** Secrets that the driver of a database, of Redis or of HTTP may quote: `scheme://user:password@host`, `password=`, a Bearer, a webhook's. */
const URL_PASSWORD = /(:\/\/[^\s:@/]{0,128}):(?!\d{1,5}(?:[\s/?#]|$))\S{0,512}@/g;
const NAMED_PASSWORD = /\b(password=)[^\s&]+/gi;
const BEARER = /\b(Bearer )[^\s"']+/gi;
const WEBHOOK_SECRET = /\bwhsec_[\w+/=-]+/g;
const API_KEY = /\btr[ks]_[\w-]+/g;
/** A token: a header that begins with `{"`, a payload that does, and a signature. */
const TOKEN = /\beyJ[\w-]{1,4096}\.eyJ[\w-]{1,8192}\.[\w-]*/g;

const CENSORED = '[redacted]';
const MAX_DEPTH = 6;

/** A copy of a log record without what must not be in it. Errors stay themselves: {@link errorRecord} writes them. */
export function redact(fields: Record<string, unknown>): Record<string, unknown> {
  return redactObject(fields, 0);
}

export function scrub(text: string): string {
  return text
    .replace(URL_PASSWORD, `$1:${CENSORED}@`)
    .replace(NAMED_PASSWORD, `$1${CENSORED}`)
    .replace(BEARER, `$1${CENSORED}`)
    .replace(WEBHOOK_SECRET, CENSORED)
    .replace(IBAN, CENSORED)
    .replace(MAYBE_IBAN, (found) => (containsIban(found) ? CENSORED : found))
    .replace(API_KEY, CENSORED)
    .replace(TOKEN, CENSORED);
}

/** What a log says about an error. Not its other properties: a database error carries the statement's parameters. */
export function errorRecord(error: unknown, depth = 0): object {
  if (!(error instanceof Error)) return { type: typeof error, message: scrub(String(error)) };
  const { code } = error as { code?: unknown };
  return {
    type: error.constructor.name,
    message: scrub(error.message),
    ...(typeof code === 'string' && { code }),
    stack: scrub(error.stack ?? ''),
    ...(error.cause !== undefined && depth < MAX_DEPTH && { cause: errorRecord(error.cause, depth + 1) }),
  };
}

function redactObject(fields: object, depth: number): Record<string, unknown> {
  const copy: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(fields)) {
    copy[field] = PRIVATE_FIELDS.has(plain(field)) ? CENSORED : redactValue(value, depth);
  }
  return copy;
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') return scrub(value);
  if (typeof value !== 'object' || value === null || value instanceof Error || value instanceof Date) return value;
  if (depth >= MAX_DEPTH) return CENSORED;
  return Array.isArray(value) ? value.map((item) => redactValue(item, depth + 1)) : redactObject(value, depth + 1);
}

const plain = (field: string): string => field.toLowerCase().replace(/[-_]/g, '');
