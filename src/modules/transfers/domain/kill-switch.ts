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
  /** The id of the API key that engaged it; `admin` for the platform's own key, which has none. */
  readonly engagedBy: string;
  readonly engagedAt: Date;
}
