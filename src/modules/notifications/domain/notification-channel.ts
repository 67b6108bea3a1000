import type { ChannelKind, ChannelSettings, Destination } from './channel.js';
import type { Severity } from './severity.js';

/** What is told: plain text, whatever a channel makes of it. */
export interface Message {
  /** The same with every attempt, so that a receiver can see that it has it already. Of letters, digits, dots and dashes. */
  readonly id: string;
  readonly severity: Severity;
  /** One line. */
  readonly subject: string;
  readonly text: string;
}

/** What became of an attempt. A failure is a stable code and never what the other side wrote: that may quote addresses. */
export type SendOutcome =
  /** Taken; `failure` says what was wrong nevertheless. */
  | { readonly kind: 'sent'; readonly failure: string | null }
  /** Some recipients (or none yet) took it, others refused it for good; `deferred` may take it later. */
  | { readonly kind: 'partly'; readonly failure: string; readonly taken: number; readonly deferred: readonly string[] }
  /** May succeed later; not before `retryAfterMs`, if the receiver said so, a day at most. */
  | { readonly kind: 'retry'; readonly failure: string; readonly retryAfterMs: number | null }
  /** Will never be taken. */
  | { readonly kind: 'refused'; readonly failure: string };

/** A way to tell somebody. Each is one file in adapters/. */
export interface NotificationChannel<Kind extends ChannelKind = ChannelKind> {
  readonly kind: Kind;
  /** Where a new channel leads. @throws channel_not_configured, validation_failed, url_not_allowed */
  settingsOf(destination: Destination): ChannelSettings<Kind>;
  /** Never throws, and never takes longer than OUTBOUND_TIMEOUT_MS by much. */
  send(settings: ChannelSettings<Kind>, message: Message): Promise<SendOutcome>;
}
