/** What is known after a payment was handed to a rail. */
export type PaymentOutcome =
  | { readonly kind: 'settled'; readonly railId: string }
  /** Taken; its end comes later. */
  | { readonly kind: 'accepted'; readonly railId: string }
  /** Definitively not paid, and sending it again would not change that. */
  | { readonly kind: 'rejected'; readonly code: string; readonly detail: string | null }
  /** Provably not taken, though it was tried: it may be sent again, not before `retryAfterMs` if the rail said so. */
  | NotTaken<'not_accepted'>
  /** Held back on our side (no time left, the rail's breaker is open): as if it had never been tried. */
  | NotTaken<'not_sent'>
  /** It may or may not have been executed: only the rail can tell. */
  | { readonly kind: 'unknown'; readonly code: string; readonly detail: string | null };

interface NotTaken<Kind extends string> {
  readonly kind: Kind;
  readonly code: string;
  readonly detail: string | null;
  readonly retryAfterMs?: number;
}

/** What a rail answers when asked for a reference. */
export type PaymentAnswer =
  | Extract<PaymentOutcome, { kind: 'settled' | 'accepted' | 'rejected' }>
  /** The rail does not know the reference (yet: see the visibility horizon of the rail). */
  | { readonly kind: 'not_found' }
  | Extract<PaymentOutcome, { kind: 'unknown' }>;
