import { ApiProperty } from '@nestjs/swagger';

export class LivenessDto {
  /** @example alive */
  @ApiProperty({ enum: ['alive'] })
  status: 'alive';
}

export class ReadinessDto {
  /** @example ready */
  @ApiProperty({ enum: ['ready', 'not_ready', 'stopping'] })
  status: 'ready' | 'not_ready' | 'stopping';

  /** What was asked, and whether it is there. Only what this process cannot do without makes it unready. */
  @ApiProperty({
    type: 'object',
    additionalProperties: { type: 'string', enum: ['up', 'down'] },
    example: { postgres: 'up', migrations: 'up', redis: 'up' },
  })
  checks: Readonly<Record<string, 'up' | 'down'>>;
}

export class HealthDto extends ReadinessDto {
  /** @example 0.1.0 */
  version: string;

  /**
   * Since this process started.
   * @example 86400
   */
  @ApiProperty({ type: 'integer' })
  uptime_seconds: number;
}
