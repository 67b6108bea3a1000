import type { StoredIban } from './stored-iban.js';
import type { TransferStatus } from './transfer.state.js';

/** An open line of a chunk, as read under its lease. */
export interface Line {
  readonly id: string;
  readonly line: number;
  readonly status: 'pending' | 'submitted' | 'in_doubt' | 'manual_review' | 'settled';
  /** Submissions so far. */
  readonly attempts: number;
  /** Some earlier submission may have reached the rail. */
  readonly possiblySent: boolean;
  readonly amountMinor: bigint;
}

/** What the engine has to know to hand a line to its rail. */
export interface PayableLine extends Line, StoredIban {
  readonly currency: string;
  readonly creditorAccountId: string | null;
  readonly counterpartyName: string;
  readonly counterpartyBic: string | null;
  readonly description: string | null;
  /** The transfer this one pays again, or takes back. */
  readonly originTransferId: string | null;
}

export type MoveSource = 'submission' | 'inquiry' | 'lost_lease' | 'stop' | 'evidence' | 'operator';

/** Where a line's next work lands. Lines with the same follow-up share a chunk. */
export interface FollowUp {
  readonly purpose: 'submit' | 'inquire' | 'confirm';
  readonly tries: number;
  readonly deaths: number;
  readonly dueInMs: number;
  /** At most this many lines a chunk; null keeps them together. */
  readonly size: number | null;
}

/** One line changing hands or state. What `decide*` functions return and what one transaction records. */
export interface Move {
  readonly line: Line;
  readonly from: TransferStatus;
  readonly to: TransferStatus;
  readonly source: MoveSource;
  /** The line's attempts after the move. */
  readonly attempts: number;
  readonly possiblySent: boolean;
  readonly code: string | null;
  readonly detail: string | null;
  readonly railId: string | null;
  readonly followUp: FollowUp | null;
}
