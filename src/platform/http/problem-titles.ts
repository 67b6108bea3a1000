import type { ErrorKind } from '../../domain/errors.js';

/** What each kind is called when its code has no name of its own. */
const TITLE_OF_KIND: Readonly<Record<ErrorKind, string>> = {
  invalid: 'The request is not acceptable',
  unauthenticated: 'No valid API key',
  forbidden: 'Not allowed',
  not_found: 'Not found',
  conflict: 'In conflict with the current state',
  too_large: 'The request is too large',
  too_slow: 'The request is too slow',
  unsupported_media_type: 'Unsupported media type',
  rule: 'Against a rule',
  rate_limited: 'Too many requests',
  invariant: 'Internal error',
  unavailable: 'Temporarily unavailable',
};

/** A code others rely on, as `/docs/errors` explains it. */
export interface DocumentedCode {
  readonly status: number;
  readonly title: string;
  readonly meaning: string;
}

export const DOCUMENTED_CODES: Readonly<Record<string, DocumentedCode>> = {
  invalid_json: {
    status: 400,
    title: 'The body is not acceptable JSON',
    meaning: 'Broken JSON or UTF-8, a byte order mark, a duplicate or prototype key, or more than 20 levels.',
  },
  invalid_request: {
    status: 400,
    title: 'The request is not an instance of its schema',
    meaning:
      'Types, patterns, sizes, missing or unknown fields; "errors" has a JSON pointer and a code for each, up to 100.',
  },
  invalid_idempotency_key: {
    status: 400,
    title: 'The Idempotency-Key is not usable',
    meaning: 'It must be given once and have 1 to 255 visible ASCII characters.',
  },
  invalid_cursor: {
    status: 400,
    title: 'The cursor is not usable',
    meaning: 'A cursor is the next_cursor of the page before, of the same list, unchanged.',
  },
  invalid_id: { status: 400, title: 'The id is not a UUID', meaning: 'An id in the path or a header is not a UUID.' },
  unauthenticated: {
    status: 401,
    title: 'No valid API key',
    meaning: 'No key or token, or one that is unknown, expired or revoked, or that was sent in the query string.',
  },
  invalid_signature: {
    status: 401,
    title: 'The signature is not good',
    meaning: 'The key signs its requests, and the signature is missing, stale, or not that of this request.',
  },
  replayed_request: {
    status: 401,
    title: 'The request was sent before',
    meaning: 'Its nonce was spent. Sign it anew, with another nonce.',
  },
  forbidden: { status: 403, title: 'Not allowed', meaning: 'The key lacks a scope that the operation needs.' },
  maker_cannot_approve: {
    status: 403,
    title: 'Submitters do not approve',
    meaning: 'Who submitted a bulk request cannot approve it, with whatever key. Somebody else has to.',
  },
  stopped_by_platform: {
    status: 403,
    title: 'Stopped by the platform',
    meaning: 'The platform engaged the kill switch or froze the account, and only the platform lets it go on.',
  },
  not_found: {
    status: 404,
    title: 'Not found',
    meaning: 'There is no such thing, or it belongs to another organization.',
  },
  idempotency_in_progress: {
    status: 409,
    title: 'The first request is still running',
    meaning: 'A request with the same idempotency key has not been answered yet: ask again after Retry-After.',
  },
  duplicate_bulk_request: {
    status: 409,
    title: 'This bulk request exists already',
    meaning:
      'The same payload was accepted before without a key of its own, or the same failed lines were retried before; "existing_id" names the first one.',
  },
  payload_changed: {
    status: 409,
    title: 'It is not what was submitted',
    meaning: 'The stored bulk request differs from what awaits approval: nothing is released. Tell whoever runs this.',
  },
  version_conflict: {
    status: 409,
    title: 'Changed in the meantime',
    meaning: 'It is no longer of the version that was sent; "current_version" is. Read it again, and decide again.',
  },
  slug_taken: { status: 409, title: 'The slug is taken', meaning: 'Another organization has this slug.' },
  iban_taken: { status: 409, title: 'The IBAN is taken', meaning: 'Another account has this IBAN.' },
  invalid_state: {
    status: 409,
    title: 'Not possible in the current state',
    meaning: '"current_status" says what state it is in.',
  },
  in_flight: {
    status: 409,
    title: 'In flight',
    meaning: 'It is being worked on at this moment, or may have been paid: only its rail or an operator can end it.',
  },
  body_too_large: { status: 413, title: 'The body is too large', meaning: 'It is over the limit of the service.' },
  unsupported_media_type: {
    status: 415,
    title: 'Unsupported media type',
    meaning: 'Bodies are application/json in UTF-8.',
  },
  validation_failed: {
    status: 422,
    title: 'The request breaks a rule',
    meaning: 'Well-formed, but against a rule; "errors" has a JSON pointer and a code for each, up to 100.',
  },
  insufficient_funds: {
    status: 422,
    title: 'Insufficient funds',
    meaning: 'The account has less available than the request needs. Nothing was accepted.',
  },
  account_not_active: {
    status: 422,
    title: 'The account is not active',
    meaning: 'It is frozen or closed.',
  },
  debtor_not_found: {
    status: 422,
    title: 'No such debtor account',
    meaning: 'The organization has no account with this IBAN and BIC, or this id.',
  },
  organization_mismatch: {
    status: 422,
    title: 'Another organization is named',
    meaning: '"organization_name" is not the name of the organization of the key.',
  },
  idempotency_key_reused: {
    status: 422,
    title: 'The idempotency key was used for something else',
    meaning: 'The same key came with another body before. Use a new key for a new request.',
  },
  payload_hash_mismatch: {
    status: 422,
    title: 'Another payload is meant',
    meaning: '"payload_hash" is not that of the bulk request that awaits approval. Read it again before you approve.',
  },
  nothing_to_retry: {
    status: 422,
    title: 'Nothing to retry',
    meaning: 'No line of the bulk request failed, or those that did are said to have been paid after all.',
  },
  iban_missing: { status: 422, title: 'No IBAN', meaning: 'The account has no IBAN that could be verified.' },
  suspected_duplicate: {
    status: 422,
    title: 'Looks like a payment made before',
    meaning: 'Lines look like payments that were made or are under way. Take them out, or say why they are none.',
  },
  different_currencies: {
    status: 422,
    title: 'Different currencies',
    meaning: 'The two bulk requests that are compared are in different currencies.',
  },
  suspense_not_empty: {
    status: 422,
    title: 'Money lies on suspense',
    meaning: 'The break put money on suspense: only a resolution that moves it ends the break.',
  },
  nothing_in_suspense: {
    status: 422,
    title: 'Nothing lies on suspense',
    meaning: 'The break put no money on suspense that could be charged or written off.',
  },
  not_supported_yet: {
    status: 422,
    title: 'Not supported yet',
    meaning: 'The field or value is part of the contract, but its feature is not available in this version.',
  },
  url_not_allowed: {
    status: 422,
    title: 'The URL is not allowed',
    meaning:
      'It must be HTTPS and public, without user, fragment or odd port; "errors" names the field and the reason.',
  },
  rail_not_configured: {
    status: 422,
    title: 'The rail is not set up',
    meaning: 'This installation has no connection to the rail. Choose another one, or ask whoever runs it.',
  },
  channel_not_configured: {
    status: 422,
    title: 'Channels of this kind are not set up',
    meaning: 'This installation has no mail server (SMTP_URL). Choose another kind of channel, or ask whoever runs it.',
  },
  rail_cannot_reverse: {
    status: 422,
    title: 'The rail cannot take payments back',
    meaning: '"on_failure": "reverse" needs a rail that can take back what it has paid.',
  },
  not_executed: {
    status: 422,
    title: 'It was not executed',
    meaning: 'A transfer in our own books is known not to have settled; it can only be resolved as failed.',
  },
  limit_exceeded: { status: 422, title: 'A limit is exceeded', meaning: 'A limit of the organization or account.' },
  https_required: {
    status: 403,
    title: 'HTTPS is required',
    meaning: 'The request came over plain HTTP. Whoever was on the way may have read its API key: replace it.',
  },
  request_timeout: {
    status: 408,
    title: 'The request came too slowly',
    meaning: 'Its headers or its body did not arrive in time. The connection is closed; nothing was done.',
  },
  rate_limited: { status: 429, title: 'Too many requests', meaning: 'Slow down: ask again after Retry-After.' },
  internal_error: {
    status: 500,
    title: 'Internal error',
    meaning: 'Our fault. Quote the request id when you report it.',
  },
  too_many_watchers: {
    status: 503,
    title: 'No room for another stream',
    meaning: 'This process has as many streams of events open as it may: connect again after Retry-After.',
  },
  unavailable: {
    status: 503,
    title: 'Temporarily unavailable',
    meaning:
      'Something the service needs is away: ask again after Retry-After. The same idempotency key makes it safe.',
  },
};

export function titleOf(code: string, kind: ErrorKind): string {
  return DOCUMENTED_CODES[code]?.title ?? TITLE_OF_KIND[kind];
}
