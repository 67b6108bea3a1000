import type { INestApplicationContext } from '@nestjs/common';
import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import { BulkRequestsService } from '../../src/modules/bulk-requests/bulk-requests.service.js';
import type { Actor, Approval } from '../../src/modules/bulk-requests/domain/approval.js';
import { PoliciesQueries, PoliciesService, type SetLimits, type SetPolicy } from '../../src/modules/policies/index.js';
import { Reply } from '../../src/platform/idempotency/index.js';

type ApprovalTerms = NonNullable<SetPolicy['approval']>;

const NO_THRESHOLDS: ApprovalTerms = {
  amountOver: [],
  transferCountOver: null,
  newCounterpartiesOver: null,
  approvers: 1,
  expiresAfterHours: 72,
};

/** What an organization's bulks have to be approved for from now on; null: nothing. */
export async function setApproval(
  app: INestApplicationContext,
  organizationId: string,
  approval: Partial<ApprovalTerms> | null,
): Promise<void> {
  const { version } = await app.get(PoliciesQueries, { strict: false }).getPolicy(organizationId);
  await app.get(PoliciesService, { strict: false }).setPolicy({
    organizationId,
    approval: approval && { ...NO_THRESHOLDS, ...approval },
    duplicatePolicy: 'warn',
    version,
  });
}

type Limit = SetLimits['limits'][number];

/** All limits of an organization from now on, in euros a day for all its accounts unless told otherwise. */
export async function setLimits(
  app: INestApplicationContext,
  organizationId: string,
  ...limits: Partial<Limit>[]
): Promise<void> {
  const { version } = await app.get(PoliciesQueries, { strict: false }).getLimits(organizationId);
  await app.get(PoliciesService, { strict: false }).setLimits({
    organizationId,
    limits: limits.map((limit) => ({
      account_id: null,
      currency: 'EUR',
      per: 'day',
      max_amount: null,
      max_count: null,
      ...limit,
    })),
    version,
  });
}

export const approver = (id: string): Actor => ({ kind: 'key', id, keyId: null });

/** What approvers do, as the API would. The answers are the approval as it is afterwards. */
export interface Approvals {
  of(bulkId: string): Promise<Approval>;
  /** The hash as it is now, unless another one is given. */
  approve(bulkId: string, by: Actor, options?: { hash?: string; key?: string }): Promise<string>;
  reject(bulkId: string, by: Actor, reason?: string): Promise<string>;
}

export function approvalsFor(app: INestApplicationContext, organizationId: string): Approvals {
  const service = app.get(BulkRequestsService, { strict: false });
  const queries = app.get(BulkRequestsQueries, { strict: false });
  const answer = ({ request, decisions }: Approval): Reply =>
    Reply.of(200, { told: `${request.outcome ?? 'waiting'} ${decisions.length}` });
  const told = (reply: Reply): string => (JSON.parse(reply.json) as { told: string }).told;
  const of = async (bulkId: string): Promise<Approval> => {
    const approval = await queries.getApproval(organizationId, bulkId);
    if (!approval) throw new Error(`The bulk request ${bulkId} needs no approval.`);
    return approval;
  };
  return {
    of,
    approve: async (bulkId, by, { hash, key = null } = {}) => {
      const payloadHash = hash ?? (await of(bulkId)).request.payloadHash;
      const command = { organizationId, bulkId, idempotencyKey: key, approver: by, payloadHash };
      return told(await service.approve(command, answer));
    },
    reject: async (bulkId, by, reason = 'Not this month') => {
      const command = { organizationId, bulkId, idempotencyKey: null, approver: by, reason };
      return told(await service.reject(command, answer));
    },
  };
}
