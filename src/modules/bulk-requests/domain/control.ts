import { invalidState } from './bulk-request.errors.js';
import type { Origin } from './bulk-request.js';
import { bulkRequestStates, type BulkRequestStatus } from './bulk-request.state.js';

export type ControlAction = 'cancel' | 'pause' | 'resume';

/** What control depends on, under the bulk's lock. */
export interface ControlledBulk {
  readonly status: BulkRequestStatus;
  readonly origin: Origin | null;
}

const ACTIONS: Readonly<
  Record<ControlAction, { readonly from: readonly BulkRequestStatus[]; readonly to: BulkRequestStatus }>
> = {
  cancel: { from: ['processing', 'paused'], to: 'cancelling' },
  pause: { from: ['processing'], to: 'paused' },
  resume: { from: ['paused'], to: 'processing' },
};

/**
 * The state an action brings a bulk to; null when it is in that state already, so that asking twice does no harm.
 *
 * @throws invalid_state
 */
export function decideControl(action: ControlAction, { status, origin }: ControlledBulk): BulkRequestStatus | null {
  // Half of the money taken back would be neither: the bulk it reverses could never say `reversed`.
  if (action === 'cancel' && origin === 'reversal') throw invalidState(status, 'A reversal cannot be cancelled.');
  // Nothing of it has begun: it ends at once.
  if (action === 'cancel' && status === 'awaiting_approval') return 'cancelled';
  const { from, to } = ACTIONS[action];
  if (status === to) return null;
  if (from.includes(status)) return to;
  throw invalidState(status, `A bulk request that is ${status} cannot be ${PAST[action]}.`);
}

const PAST: Readonly<Record<ControlAction, string>> = { cancel: 'cancelled', pause: 'paused', resume: 'resumed' };

/**
 * Only of a bulk that has ended is it certain which lines failed: none can join or leave them any more.
 *
 * @throws invalid_state
 */
export function assertRetryable({ status, origin }: ControlledBulk): void {
  if (origin === 'reversal') throw invalidState(status, 'A reversal cannot be retried.');
  if (!bulkRequestStates.isTerminal(status)) {
    throw invalidState(status, 'The failed lines of a bulk request can be retried once it has ended.');
  }
}

/** What a cancel answers. With the lines that ended otherwise they are all lines of the bulk. */
export interface Cancellation {
  /** Cancelled, or certain to be: never sent, and nothing will send them. */
  readonly cancelled: number;
  /** Open, and may still be paid: with the rail at this moment, or sent before. */
  readonly inFlight: number;
}
