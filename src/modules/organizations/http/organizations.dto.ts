import { ApiProperty } from '@nestjs/swagger';
import { Length, Matches } from 'class-validator';
import { NAME_PATTERN } from '../../../domain/text.js';
import { type Organization, SLUG_PATTERN } from '../domain/organization.js';

export class CreateOrganizationDto {
  /**
   * How it is called on statements and payments.
   * @example "ACME Corp"
   */
  @ApiProperty({ pattern: NAME_PATTERN })
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 140)
  name: string;

  /**
   * A short name for people and tools, unique on the platform: lower case letters and digits, single hyphens between.
   * @example acme
   */
  @ApiProperty({ pattern: SLUG_PATTERN })
  @Matches(new RegExp(SLUG_PATTERN))
  @Length(1, 63) // what fits a DNS label (RFC 1035)
  slug: string;
}

export class OrganizationDto {
  /**
   * What other calls name it by.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ format: 'uuid' })
  id: string;

  /**
   * How it is called on statements and payments.
   * @example "ACME Corp"
   */
  name: string;

  /**
   * The short name, unique on the platform.
   * @example acme
   */
  slug: string;

  /**
   * When it was created.
   * @example "2026-11-21T09:30:00.000Z"
   */
  @ApiProperty({ format: 'date-time' })
  created_at: string;
}

export function organizationDto({ id, name, slug, createdAt }: Organization): OrganizationDto {
  return { id, name, slug, created_at: createdAt.toISOString() };
}
