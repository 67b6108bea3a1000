import { Injectable } from '@nestjs/common';
import type { Reply } from '../../../platform/idempotency/index.js';
import { decideRequestedCancel } from '../domain/decide-requested-cancel.js';
import { MoveTransfer, type TransferAnswer } from './move-transfer.js';

export interface CancelTransferCommand {
  readonly organizationId: string;
  readonly transferId: string;
}

/** Ends one line that was not sent, and releases its money. */
@Injectable()
export class CancelTransfer {
  constructor(private readonly transfers: MoveTransfer) {}

  /** @throws not_found, invalid_state when it has ended, in_flight when it is being executed or may have been paid */
  cancel(command: CancelTransferCommand, idempotencyKey: string | null, answer: TransferAnswer): Promise<Reply> {
    return this.transfers.move(
      { ...command, operation: 'transfers.cancel', idempotencyKey, body: {} },
      ({ transfer, bulk, isLeased }) =>
        decideRequestedCancel(transfer, {
          isLeased,
          isReversal: bulk.isReversal,
          awaitsApproval: bulk.status === 'awaiting_approval',
        }),
      answer,
    );
  }
}
