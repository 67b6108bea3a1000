export interface OutboundRequest {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type OutboundFailure =
  /** Nothing was sent: neither to a name nor to an address. */
  | 'address_not_allowed'
  | 'dns_failure'
  | 'connection_failed'
  /** No TLS, or a certificate that is not good for the name. Nothing of the request was sent. */
  | 'tls_error'
  | 'timed_out'
  /** The request was sent, and no whole answer came back that is HTTP. */
  | 'connection_lost'
  | 'answer_too_large';

export type OutboundOutcome =
  | {
      readonly kind: 'answered';
      readonly status: number;
      /** What `Retry-After` asks for, a day at most. */
      readonly retryAfterMs: number | null;
      readonly durationMs: number;
    }
  | { readonly kind: 'failed'; readonly failure: OutboundFailure; readonly durationMs: number };
