import { ApiProperty } from '@nestjs/swagger';
import { IsOptional, Length, Matches } from 'class-validator';
import { NAME_PATTERN } from '../../../domain/text.js';
import { OptionalBody } from '../../../platform/http/index.js';
import type { Cancellation } from '../domain/control.js';

@OptionalBody()
export class RetryFailedLinesDto {
  /**
   * Why lines that would be refused as duplicates are none: they are paid, and the reason goes into the audit log.
   * @example "The first payment was called back"
   */
  @ApiProperty({ pattern: NAME_PATTERN, required: false })
  @IsOptional()
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 140)
  duplicate_override_reason?: string;
}

export const RETRY_EXAMPLES = {
  retry: { summary: 'Unless somebody has paid them otherwise', value: {} },
  pay_nevertheless: {
    summary: 'Also what looks like a payment made since',
    value: { duplicate_override_reason: 'The first payment was called back' },
  },
};

/** What a cancel decided. With the lines that had ended otherwise these are all lines of the bulk request. */
export class CancellationDto {
  /**
   * Lines that are cancelled or certain to be: never sent, and nothing sends them any more.
   * @example 940
   */
  cancelled: number;
  /**
   * Open lines that may still be paid: with the rail at this moment, or possibly sent before.
   * @example 60
   */
  in_flight: number;
}

export const cancellationDto = ({ cancelled, inFlight }: Cancellation): CancellationDto => ({
  cancelled,
  in_flight: inFlight,
});
