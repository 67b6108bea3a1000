import type { AuditEntryDto } from '../../src/modules/audit/http/audit-log.dto.js';
import type { Acme } from './acme.js';

/*
 * Reading the audit log as an organization does, over HTTP.
 */

/** Up to a hundred entries, the newest first. */
export async function entriesOf(acme: Acme, query: string, key = acme.key): Promise<AuditEntryDto[]> {
  const { status, body, text } = await acme.call(`/audit-log?limit=100&${query}`, { key });
  if (status !== 200) throw new Error(`The audit log answered ${status}: ${text}`);
  return body['data'] as AuditEntryDto[];
}

/** Everything about a resource, oldest first. */
export const storyOf = async (acme: Acme, id: string): Promise<AuditEntryDto[]> =>
  (await entriesOf(acme, `resource_id=${id}`)).reverse();

/** What happened to a bulk request: the actions without their noun. */
export const actionsOf = async (acme: Acme, id: string): Promise<string[]> =>
  (await storyOf(acme, id)).map(({ action }) => action.replace('bulk_request.', ''));
