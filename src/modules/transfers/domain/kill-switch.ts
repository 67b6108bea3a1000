export const KILL_SWITCH_SCOPES = ['rail', 'organization'] as const;
export type KillSwitchScope = (typeof KILL_SWITCH_SCOPES)[number];

/** What a switch stops: a rail by its name, an organization by its id. */
export interface KillSwitchTarget {
  readonly scope: KillSwitchScope;
  readonly target: string;
}

/** A switch that is engaged: nothing of its target is submitted. One that is not does not exist. */
export interface KillSwitch extends KillSwitchTarget {
  readonly reason: string;
  /** The id of the API key that engaged it; {@link PLATFORM_KEY} for the platform's own, which has none. */
  readonly engagedBy: string;
  readonly engagedAt: Date;
}

/** What the platform's own key is called. No other key or token is. */
export const PLATFORM_KEY = 'admin';

/** The platform releases everything. What it has engaged, nobody else does: an organization would go on paying what it was stopped for. */
export const mayRelease = ({ engagedBy }: Pick<KillSwitch, 'engagedBy'>, by: string): boolean =>
  by === PLATFORM_KEY || engagedBy !== PLATFORM_KEY;

/** An organization cannot be stopped by its own switch alone: it could release that. The platform's engaging counts more. */
export const isTakenOver = ({ engagedBy }: Pick<KillSwitch, 'engagedBy'>, by: string): boolean =>
  by === PLATFORM_KEY && engagedBy !== PLATFORM_KEY;
