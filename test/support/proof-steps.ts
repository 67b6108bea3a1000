import type { INestApplicationContext } from '@nestjs/common';
import { type ChosenLine, ProveBulkRequest } from '../../src/modules/bulk-requests/application/prove-bulk-request.js';
import {
  type BulkRequestProofDto,
  bulkRequestProofDto,
} from '../../src/modules/bulk-requests/http/bulk-request-proof.dto.js';

/** The proof of a bulk as a caller gets it who may read its IBANs, with the proof of one line when one is chosen. */
export async function proofDtoOf(
  app: INestApplicationContext,
  organizationId: string,
  bulkId: string,
  chosen: ChosenLine | null = null,
): Promise<BulkRequestProofDto> {
  return bulkRequestProofDto(
    await app.get(ProveBulkRequest, { strict: false }).prove(organizationId, bulkId, chosen),
    true,
  );
}
