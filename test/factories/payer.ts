import { randomUUID } from 'node:crypto';
import type { INestApplicationContext } from '@nestjs/common';
import type { Submission } from '../../src/modules/bulk-requests/domain/submission.js';
import { creditTransfers, submitBulk } from './bulk-requests.js';
import { createFundedAccount, createOrganization } from './organizations.js';

export interface Payer {
  organizationId: string;
  accountId: string;
  /** The id of an accepted bulk. However alike their lines, no two are duplicates. */
  submit(lines: number, describe?: (line: number) => string, values?: Partial<Submission>): Promise<string>;
}

/** An organization with money on an account. */
export async function createPayer(app: INestApplicationContext, amount = '10000.00'): Promise<Payer> {
  const { id: organizationId } = await createOrganization(app);
  const { id: accountId } = await createFundedAccount(app, { organizationId, amount });
  const submit: Payer['submit'] = async (lines, describe, values = {}) => {
    const { bulkId } = await submitBulk(app, organizationId, {
      request_id: randomUUID(),
      debtor_account_id: accountId,
      credit_transfers: creditTransfers(lines, describe),
      ...values,
    });
    if (bulkId === '') throw new Error('The bulk was refused.');
    return bulkId;
  };
  return { organizationId, accountId, submit };
}
