import { IsIn, IsOptional, Length, Matches } from 'class-validator';
import { ApiProperty } from '@nestjs/swagger';
import { TEXT_PATTERN } from '../../../domain/text.js';
import { REASON_CODE_PATTERN, type RailNotice } from '../../rails/index.js';

const STATUSES = ['settled', 'rejected', 'returned'] as const satisfies readonly RailNotice['status'][];

export class RailEventDto {
  /**
   * Our reference of the payment, as it was submitted (ISO 20022 EndToEndId, Max35Text).
   * @example "0198f2c17f3a7c318b0e1d2f3a4b5c6e"
   */
  @ApiProperty({ pattern: TEXT_PATTERN })
  @Matches(new RegExp(TEXT_PATTERN, 'u'))
  @Length(1, 35)
  reference: string;

  /** What became of it. `returned`: it was settled, and the money came back. */
  @ApiProperty({ enum: STATUSES, example: 'rejected' })
  @IsIn(STATUSES)
  status: RailNotice['status'];

  /**
   * ISO 20022 external status reason code, or the bank's own.
   * @example "AC04"
   */
  @ApiProperty({ type: String, nullable: true, required: false, pattern: REASON_CODE_PATTERN })
  @IsOptional()
  @Matches(new RegExp(REASON_CODE_PATTERN))
  reason_code?: string | null;

  /**
   * The bank's id of the payment.
   * @example "B-2024-06-000017"
   */
  @ApiProperty({ type: String, nullable: true, required: false, pattern: TEXT_PATTERN })
  @IsOptional()
  @Matches(new RegExp(TEXT_PATTERN, 'u'))
  @Length(1, 255)
  rail_id?: string | null;
}

export class RailEventReceiptDto {
  /**
   * As it was sent.
   * @example "0198f2c17f3a7c318b0e1d2f3a4b5c6e"
   */
  reference: string;
  /**
   * When it came this time.
   * @example "2026-11-21T09:30:00.000Z"
   */
  received_at: string;
}
