import { ApiProperty } from '@nestjs/swagger';
import { IsISO8601, IsOptional } from 'class-validator';
import { minIdAt } from '../../domain/ids.js';
import { PageQuery } from './page-query.dto.js';
import { QuerySchema } from './query-schema.js';

/** A list by id that can be narrowed to a time of creation. */
@QuerySchema()
export class CreatedRangeQuery extends PageQuery {
  /**
   * Created at or after this instant (ISO 8601).
   * @example "2026-11-01T00:00:00.000Z"
   */
  @ApiProperty({ format: 'date-time', required: false })
  @IsOptional()
  @IsISO8601()
  created_from?: string;

  /**
   * Created before this instant (ISO 8601).
   * @example "2026-12-01T00:00:00.000Z"
   */
  @ApiProperty({ format: 'date-time', required: false })
  @IsOptional()
  @IsISO8601()
  created_to?: string;
}

/** The instants themselves, and ids that surely enclose what was created between them. Null: no bound. */
export interface CreatedRange {
  readonly from: Date | null;
  readonly before: Date | null;
  readonly idFrom: string | null;
  readonly idBefore: string | null;
}

/** The clock that makes ids is not the one that stamps rows: ids narrow the walk, the stamp decides. */
const CLOCK_SLACK_MS = 3_600_000;

export function createdRange({
  created_from: from,
  created_to: to,
}: Pick<CreatedRangeQuery, 'created_from' | 'created_to'>): CreatedRange {
  return {
    from: from === undefined ? null : new Date(from),
    before: to === undefined ? null : new Date(to),
    idFrom: from === undefined ? null : minIdAt(Date.parse(from) - CLOCK_SLACK_MS),
    idBefore: to === undefined ? null : minIdAt(Date.parse(to) + CLOCK_SLACK_MS),
  };
}
