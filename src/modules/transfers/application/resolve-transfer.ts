import { Injectable } from '@nestjs/common';
import { fieldErrors } from '../../../domain/errors.js';
import { normalizeText } from '../../../domain/text.js';
import type { Reply } from '../../../platform/idempotency/index.js';
import { BOOK } from '../../rails/index.js';
import { decideResolution, type Resolution } from '../domain/decide-resolution.js';
import { MoveTransfer, type TransferAnswer } from './move-transfer.js';

export const MAX_EVIDENCE_LENGTH = 255;

export interface ResolveTransferCommand extends Resolution {
  readonly organizationId: string;
  readonly transferId: string;
}

/** An operator says what became of a transfer the engine could not decide about. The evidence is kept with it, and never logged. */
@Injectable()
export class ResolveTransfer {
  constructor(private readonly transfers: MoveTransfer) {}

  /** @throws invalid_request, not_found, invalid_state when it is not in manual_review, in_flight, not_executed */
  async resolve(
    { organizationId, transferId, outcome, evidence }: ResolveTransferCommand,
    idempotencyKey: string | null,
    answer: TransferAnswer,
  ): Promise<Reply> {
    const resolution = { outcome, evidence: normalizedEvidence(evidence) };
    return this.transfers.move(
      { organizationId, transferId, operation: 'transfers.resolve', idempotencyKey, body: { outcome, evidence } },
      ({ transfer, rail, isLeased }) => decideResolution(transfer, resolution, { isLeased, isBook: rail === BOOK }),
      answer,
    );
  }
}

/** In NFC some characters take more room than they were sent in. */
function normalizedEvidence(sent: string): string {
  const text = normalizeText(sent);
  if ([...text].length <= MAX_EVIDENCE_LENGTH) return text;
  const detail = 'In normal form C the text is longer than the field may be.';
  throw fieldErrors('invalid', [{ pointer: '/evidence', code: 'too_long', detail }]);
}
