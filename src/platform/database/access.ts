import { isUuid } from '../../domain/ids.js';

/**
 * Whom statements act for. PostgreSQL holds them to it: each runs as a role that sees no more (migrations/row-security.ts), and what a
 * query forgets to ask, row level security adds.
 */
export interface Access {
  readonly role: 'tranche_organization' | 'tranche_discovery' | 'tranche_platform';
  /** Lower-case UUID; null for the roles that act for no organization. */
  readonly organizationId: string | null;
}

/** One organization: its own rows, and nobody else's. */
export const ofOrganization = (organizationId: string): Access => ({ role: 'tranche_organization', organizationId });

/** Finds work across organizations: ids, states and times. Money then moves {@link ofOrganization}. */
export const DISCOVERY: Access = { role: 'tranche_discovery', organizationId: null };

/** The platform's own work: organizations and keys, rails and their statements, checks of all books. */
export const PLATFORM: Access = { role: 'tranche_platform', organizationId: null };

/** Of the organization, or of the platform when there is none. */
export const ofOrganizationOrPlatform = (organizationId: string | null): Access =>
  organizationId === null ? PLATFORM : ofOrganization(organizationId);

/**
 * Says whom a transaction acts for, and for how long it may be left alone; both end with it, so a connection that is pooled, here or by a
 * PgBouncer in transaction mode, carries nothing over. But temporary tables stay, and would be found before all others: they come last.
 * Text and not parameters: it travels together with BEGIN.
 */
export function settingsOf({ role, organizationId }: Access, idleTimeoutMs: number): string {
  if (organizationId !== null && !isUuid(organizationId)) throw new Error('an organization is named by its UUID');
  return `SELECT set_config('role', '${role}', true), set_config('tranche.organization_id', '${organizationId ?? ''}', true),
    set_config('search_path', 'public, pg_temp', true),
    set_config('idle_in_transaction_session_timeout', '${Math.trunc(idleTimeoutMs)}', true), statement_timestamp() AS "begunAt"`;
}
