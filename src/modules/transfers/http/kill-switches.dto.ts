import { ApiProperty } from '@nestjs/swagger';
import { IsBoolean, IsOptional, Length, Matches } from 'class-validator';
import { NAME_PATTERN } from '../../../domain/text.js';
import {
  type KillSwitch,
  KILL_SWITCH_SCOPES,
  type KillSwitchScope,
  type KillSwitchTarget,
} from '../domain/kill-switch.js';

export class SetKillSwitchDto {
  /**
   * `true` stops, `false` lets go on.
   * @example true
   */
  @IsBoolean()
  engaged: boolean;

  /**
   * Why, for whoever finds it engaged. Needed to engage; not kept when it is released.
   * @example "The bank reports payments it did not get from us"
   */
  @ApiProperty({ type: String, nullable: true, required: false, pattern: NAME_PATTERN })
  @IsOptional()
  @Matches(new RegExp(NAME_PATTERN, 'u'))
  @Length(1, 140)
  reason?: string | null;
}

export class KillSwitchDto {
  /**
   * What it stops: everything on a rail, or everything of an organization.
   * @example rail
   */
  @ApiProperty({ enum: KILL_SWITCH_SCOPES })
  scope: KillSwitchScope;

  /**
   * The name of the rail, or the id of the organization.
   * @example sandbox
   */
  target: string;

  /**
   * While it is, nothing new of its target is submitted. Questions, completions and cancellations go on, and bulk requests are accepted.
   * @example true
   */
  engaged: boolean;

  /**
   * Null when it is not engaged.
   * @example "The bank reports payments it did not get from us"
   */
  @ApiProperty({ type: String, nullable: true })
  reason: string | null;

  /**
   * The id of the API key that engaged it, or `admin` for the platform's own key: then only the platform releases it. Null when it is
   * not engaged.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  @ApiProperty({ type: String, nullable: true })
  engaged_by: string | null;

  /**
   * Since when; engaging it again does not change it, whoever does. Null when it is not engaged.
   * @example "2026-11-21T09:30:00.000Z"
   */
  @ApiProperty({ type: String, format: 'date-time', nullable: true })
  engaged_at: string | null;
}

/** @param killSwitch null: it is not engaged */
export function killSwitchDto({ scope, target }: KillSwitchTarget, killSwitch: KillSwitch | null): KillSwitchDto {
  return {
    scope,
    target,
    engaged: killSwitch !== null,
    reason: killSwitch?.reason ?? null,
    engaged_by: killSwitch?.engagedBy ?? null,
    engaged_at: killSwitch?.engagedAt.toISOString() ?? null,
  };
}

export const SET_KILL_SWITCH_EXAMPLES = {
  engage: {
    summary: 'Engage',
    value: { engaged: true, reason: 'The bank reports payments it did not get from us' },
  },
  release: { summary: 'Release', value: { engaged: false } },
};
