import { ApiProperty } from '@nestjs/swagger';
import { IsIn, Length, Matches } from 'class-validator';
import { NAME_PATTERN } from '../../../domain/text.js';
import { RESOLUTION_OUTCOMES, type Resolution } from '../domain/decide-resolution.js';

export class ResolveTransferDto {
  /**
   * `settled`: it was paid, and its money leaves the account. `failed`: it was not paid and never will be, and its money is free again.
   * @example "settled"
   */
  @ApiProperty({ enum: RESOLUTION_OUTCOMES })
  @IsIn(RESOLUTION_OUTCOMES)
  outcome: Resolution['outcome'];

  /**
   * What you know it from, for whoever reads the transfer's history later. No names and no IBANs.
   * @example "Statement 2026-07-14, entry 118"
   */
  @ApiProperty({ pattern: NAME_PATTERN })
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 255)
  evidence: string;
}

/** What Swagger UI offers to send. */
export const RESOLUTION_EXAMPLES = {
  settled: {
    summary: 'The bank has paid it',
    value: { outcome: 'settled', evidence: 'Statement 2026-07-14, entry 118' },
  },
  failed: {
    summary: 'The bank never had it, and never will',
    value: { outcome: 'failed', evidence: 'Confirmed by the bank by phone, ticket 4711' },
  },
};
