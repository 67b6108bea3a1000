import { decideCancel } from './decide-cancel.js';
import type { StoredLine } from './decide-resolution.js';
import type { Move } from './line.js';
import {
  reversalNotCancelled,
  transferAwaitsApproval,
  transferBusy,
  transferHasEnded,
  transferMayBePaid,
} from './transfer.errors.js';
import { transferStates } from './transfer.state.js';

/**
 * What follows when somebody asks to cancel one transfer: only one that provably never left is cancelled.
 *
 * @param found `isLeased`: somebody is executing its chunk; `isReversal`: it takes another transfer back; `awaitsApproval`: its bulk
 *   awaits approval
 * @throws invalid_state, in_flight
 */
export function decideRequestedCancel(
  transfer: StoredLine,
  found: { readonly isLeased: boolean; readonly isReversal: boolean; readonly awaitsApproval?: boolean },
): Move {
  const { status } = transfer;
  if (transferStates.isTerminal(status)) throw transferHasEnded(status);
  if (status !== 'pending' || transfer.possiblySent) throw transferMayBePaid();
  if (found.isReversal) throw reversalNotCancelled(status);
  if (found.awaitsApproval) throw transferAwaitsApproval(status);
  if (found.isLeased) throw transferBusy();
  const detail = 'Its cancellation was requested before it was sent';
  return { ...decideCancel({ ...transfer, status }), code: 'cancelled', detail };
}
