import { ApiProperty } from '@nestjs/swagger';
import { IsIn, IsOptional, Length, Matches } from 'class-validator';
import { isCurrency } from '../../../domain/currency.js';
import { formatAmount } from '../../../domain/money.js';
import { NAME_PATTERN } from '../../../domain/text.js';
import { PageQuery, QuerySchema } from '../../../platform/http/index.js';
import { RAIL_NAMES } from '../../rails/index.js';
import {
  type Break,
  BREAK_CLASSES,
  BREAK_SOURCES,
  type BreakClass,
  type BreakSource,
  type Resolution,
  RESOLUTIONS,
} from '../domain/break.js';
import { breakStates, type BreakStatus } from '../domain/break.state.js';

@QuerySchema()
export class BreaksQuery extends PageQuery {
  /** Only breaks in this state. */
  @ApiProperty({ enum: breakStates.states, required: false })
  @IsOptional()
  @IsIn(breakStates.states)
  status?: BreakStatus;

  /** Only breaks of this class. */
  @ApiProperty({ enum: BREAK_CLASSES, required: false })
  @IsOptional()
  @IsIn(BREAK_CLASSES)
  class?: BreakClass;

  /** Only breaks of this rail. */
  @ApiProperty({ enum: RAIL_NAMES, required: false })
  @IsOptional()
  @IsIn(RAIL_NAMES)
  rail?: string;
}

export class AssignBreakDto {
  /**
   * Who looks after it, in whatever words your team uses.
   * @example "treasury@acme.example"
   */
  @ApiProperty({ pattern: NAME_PATTERN })
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 140)
  assignee: string;
}

export const ASSIGN_BREAK_EXAMPLES = {
  assign: { summary: 'Assign', value: { assignee: 'treasury@acme.example' } },
};

export class ResolveBreakDto {
  /**
   * What becomes of it, and of the money it put on suspense. `corrected_by_rail`: the rail put it right, the money goes back to its
   * clearing account. `charged_to_debtor`: to the debtor's account, or off it. `written_off`: against the organization's fees account.
   * `no_action`: nothing moves, and nothing may lie on suspense.
   * @example corrected_by_rail
   */
  @ApiProperty({ enum: RESOLUTIONS })
  @IsIn(RESOLUTIONS)
  resolution: Resolution;

  /**
   * Why, for whoever reads it later.
   * @example "The bank took the second booking back on 22 November"
   */
  @ApiProperty({ pattern: NAME_PATTERN })
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 255)
  note: string;
}

export const RESOLVE_BREAK_EXAMPLES = {
  corrected_by_rail: {
    summary: 'The rail put it right',
    value: { resolution: 'corrected_by_rail', note: 'The bank took the payment back on 22 November' },
  },
  charged_to_debtor: {
    summary: 'The debtor pays it',
    value: { resolution: 'charged_to_debtor', note: 'The payee was paid, so the debtor owes it' },
  },
  written_off: { summary: 'Written off', value: { resolution: 'written_off', note: 'Below the cost of asking' } },
  no_action: { summary: 'Nothing to do', value: { resolution: 'no_action', note: 'Booked two days late, as agreed' } },
};

export class LaterFindingDto {
  /** @example "2026-11-22T01:00:00.000Z" */
  @ApiProperty({ format: 'date-time' })
  at: string;

  /** @example "On the statement after all: settled 100.00 EUR, booking B-77 of 2026-11-21T23:00:00.000Z" */
  found: string;
}

export class ReconciliationBreakDto {
  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * `missing_here`: the rail booked a reference that we do not know. `missing_there`: we booked a settlement, the statement has none.
   * `amount`: the same payment with another amount or currency. `status`: the rail contradicts a final state. `duplicate`: booked twice.
   * `late`: booked more than a day after we did. `invariant`: our own books do not add up.
   * @example duplicate
   */
  @ApiProperty({ enum: BREAK_CLASSES })
  class: BreakClass;

  /** @example open */
  @ApiProperty({ enum: breakStates.states })
  status: BreakStatus;

  /**
   * Who found it.
   * @example statement
   */
  @ApiProperty({ enum: BREAK_SOURCES })
  source: BreakSource;

  /** @example sandbox */
  rail: string;

  /**
   * Null when it is nobody's: only the platform sees it.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  organization_id: string | null;

  /**
   * The run that found it. It may be one of the whole platform, which an organization cannot read.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6f
   */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  run_id: string | null;

  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c70 */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  bulk_request_id: string | null;

  /** @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c71 */
  @ApiProperty({ type: String, format: 'uuid', nullable: true })
  transfer_id: string | null;

  /**
   * The rail reference.
   * @example 0198f2c17f3a7c318b0e1d2f3a4b5c71
   */
  @ApiProperty({ type: String, nullable: true })
  reference: string | null;

  /**
   * The rail's own id of the booking.
   * @example B-77
   */
  @ApiProperty({ type: String, nullable: true })
  rail_id: string | null;

  /**
   * As it was found; in minor units when the rail's currency is none that we carry.
   * @example "100.00"
   */
  @ApiProperty({ type: String, nullable: true })
  amount: string | null;

  /** @example EUR */
  @ApiProperty({ type: String, nullable: true })
  currency: string | null;

  /**
   * What our books say.
   * @example "Booked once: settled, 100.00 EUR"
   */
  expected: string;

  /**
   * What was found instead.
   * @example "Booked once more: settled 100.00 EUR, booking B-78 of 2026-11-20T10:00:00.000Z"
   */
  found: string;

  /** What was found about it later. It resolves nothing by itself. */
  @ApiProperty({ type: [LaterFindingDto], example: [] })
  later_findings: LaterFindingDto[];

  /**
   * What it put on the suspense account: positive is money found there, negative money that suspense owes. A resolution moves all of it.
   * @example "0.00"
   */
  @ApiProperty({ type: String, nullable: true })
  suspense: string | null;

  /** @example null */
  @ApiProperty({ type: String, nullable: true })
  assignee: string | null;

  /** @example null */
  @ApiProperty({ enum: RESOLUTIONS, type: String, nullable: true })
  resolution: Resolution | null;

  /** @example null */
  @ApiProperty({ type: String, nullable: true })
  note: string | null;

  /** @example "2026-11-21T01:00:01.000Z" */
  @ApiProperty({ format: 'date-time' })
  opened_at: string;

  /** @example null */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  resolved_at: string | null;

  /**
   * The id of the API key, or `admin` for the platform's own key.
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  resolved_by: string | null;
}

export function reconciliationBreakDto(found: Break): ReconciliationBreakDto {
  const { currency } = found;
  return {
    id: found.id,
    class: found.class,
    status: found.status,
    source: found.source,
    rail: found.rail,
    organization_id: found.organizationId,
    run_id: found.runId,
    bulk_request_id: found.bulkId,
    transfer_id: found.transferId,
    reference: found.reference,
    rail_id: found.railId,
    amount: found.amountMinor === null ? null : amountOf(found.amountMinor, currency),
    currency,
    expected: found.expected,
    found: found.found,
    later_findings: found.laterFindings.map(({ at, found: text }) => ({ at: at.toISOString(), found: text })),
    suspense: currency === null ? null : amountOf(found.suspenseMinor, currency),
    assignee: found.assignee,
    resolution: found.resolution,
    note: found.note,
    opened_at: found.openedAt.toISOString(),
    resolved_at: found.resolvedAt?.toISOString() ?? null,
    resolved_by: found.resolvedBy,
  };
}

const amountOf = (minor: bigint, currency: string | null): string =>
  currency !== null && isCurrency(currency) ? formatAmount(minor, currency) : minor.toString();
