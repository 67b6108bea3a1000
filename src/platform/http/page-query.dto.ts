import { ApiPropertyOptional } from '@nestjs/swagger';
import { IsInt, IsOptional, IsString, Length, Max, Min } from 'class-validator';
import { QuerySchema } from './query-schema.js';

/** What every list takes. Filters extend it. */
@QuerySchema()
export class PageQuery {
  @ApiPropertyOptional({
    type: 'integer',
    minimum: 1,
    maximum: 100,
    default: 50,
    description: 'How many items at most.',
    example: 50,
  })
  @IsOptional()
  @IsInt()
  @Min(1)
  @Max(100)
  limit: number;

  @ApiPropertyOptional({
    type: 'string',
    minLength: 1,
    maxLength: 1024,
    description: 'The `next_cursor` of the page before. Opaque.',
  })
  @IsOptional()
  @IsString()
  @Length(1, 1024)
  cursor?: string;
}
