import type { PaymentAnswer, PaymentOutcome } from '../../../domain/payment-outcome.js';

/** One credit transfer as a rail sees it. */
export interface RailPayment {
  /** Ours, for life: the end-to-end identification (ISO 20022 Max35Text). The rail deduplicates by it. */
  readonly reference: string;
  readonly amountMinor: bigint;
  /** ISO 4217. */
  readonly currency: string;
  /** 1 for the first submission of this reference. */
  readonly attempt: number;
  readonly debtor: { readonly iban: string | null; readonly bic: string | null };
  readonly creditor: { readonly name: string; readonly iban: string; readonly bic: string | null };
  /** Unstructured remittance information. */
  readonly remittance: string | null;
  /** The reference of the payment to be taken back; null for an ordinary payment. Only on rails that can. */
  readonly reverses: string | null;
}

/** Something a rail reports by itself about a reference it took earlier. */
export interface RailNotice {
  readonly reference: string;
  readonly status: 'settled' | 'rejected' | 'returned';
  /** ISO 20022 external status reason code. */
  readonly reasonCode: string | null;
  readonly railId: string | null;
}

/** One booking on a rail's statement. */
export interface RailBooking {
  /** The rail's own id of the booking. */
  readonly railId: string;
  readonly reference: string;
  readonly amountMinor: bigint;
  /** ISO 4217. */
  readonly currency: string;
  readonly status: 'settled' | 'rejected' | 'returned';
  readonly bookedAt: Date;
}

export interface RailTraits {
  /** The rail executes a reference at most once. One that does not is never sent a reference again automatically. */
  readonly deduplicates: boolean;
  /** For how long "not found" may still turn into "executed". */
  readonly visibilityHorizonMs: number;
  /** It can take a settled payment back. */
  readonly reverses: boolean;
}

/** What a rail is called for about payments. */
export type PaymentOperation = 'submit' | 'inquire';

/** Adapter to whatever executes payments outside. Called with no database transaction open. */
export interface Rail {
  readonly name: string;
  readonly traits: RailTraits;
  /**
   * For how long the rail is not to be called so: its breaker is open, it told us to wait, or its rate, which questions do not count
   * against, is used up. 0: it may be called now.
   */
  pausedForMs(operation: PaymentOperation): number;
  /** Lines that can surely be sent within `budgetMs`, as fast as it has been lately; null when a whole chunk goes out at once. */
  windowLines(budgetMs: number): number | null;
  /**
   * Hands over a batch; one outcome per payment, in order. Never throws for a single payment: what is not known is `unknown`. A throw
   * means the same for the whole batch. Sends nothing once `signal` is aborted: what was not sent then is `not_sent`.
   */
  submit(payments: readonly RailPayment[], signal: AbortSignal): Promise<PaymentOutcome[]>;
  /** Asks for references; one answer each, in order. */
  inquire(references: readonly string[]): Promise<PaymentAnswer[]>;
  /** News the rail has by itself, at most `limit`; asked regularly. */
  fetchNotices(limit: number): Promise<RailNotice[]>;
  /** The notices are safely ours: the rail need not repeat them. */
  acknowledgeNotices(notices: readonly RailNotice[]): Promise<void>;
  /** What the rail booked from `from` to just before `to`, in parts. */
  fetchStatement(from: Date, to: Date): AsyncIterable<readonly RailBooking[]>;
}

/** Settled in our own ledger, inside the transaction that records the outcome: no adapter, nothing to doubt. */
export const BOOK = 'book';
export const SANDBOX = 'sandbox';
export const HTTP = 'http';

/** Every rail that has a queue. */
export const RAIL_NAMES = [BOOK, SANDBOX, HTTP] as const;
export type RailName = (typeof RAIL_NAMES)[number];
