import { DomainError, fieldErrors, notFound } from '../../domain/errors.js';
import { isUuid } from '../../domain/ids.js';
import type { Authenticator, Principal } from './principal.js';

export const ORGANIZATION_HEADER = 'x-organization-id';

/**
 * The organization a request acts in.
 *
 * @param named the value of `X-Organization-Id`, if it was sent
 * @throws invalid_request (an admin named none), invalid_id, not_found (unknown, or not the key's own)
 */
export async function organizationOf(
  principal: Principal,
  named: string | undefined,
  authenticator: Authenticator,
): Promise<string> {
  const id = named === undefined ? undefined : headerId(named);
  if (principal.organizationId !== null) {
    if (id !== undefined && id !== principal.organizationId) throw notFound('organization');
    return principal.organizationId;
  }
  if (id === undefined) throw organizationMissing();
  if (!(await authenticator.organizationExists(id))) throw notFound('organization');
  return id;
}

function headerId(text: string): string {
  if (!isUuid(text)) throw new DomainError('invalid', 'invalid_id', 'X-Organization-Id must be a UUID.');
  return text.toLowerCase();
}

const organizationMissing = (): DomainError =>
  fieldErrors('invalid', [
    {
      pointer: `/headers/${ORGANIZATION_HEADER}`,
      code: 'required',
      detail: 'An admin key names the organization to act in with X-Organization-Id.',
    },
  ]);
