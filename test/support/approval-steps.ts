import type { INestApplicationContext } from '@nestjs/common';
import { BulkRequestsQueries } from '../../src/modules/bulk-requests/bulk-requests.queries.js';
import type { Payer } from '../factories/payer.js';
import { balanceOf } from './balances.js';
import { openChunksOf, statusesOf, submissionsOf } from './engine-steps.js';
import { proofDtoOf } from './proof-steps.js';

/** The only bulk request of its payer has ended unpaid, with nothing left over. Its lines are of 1.00 each. */
export async function assertDismissed(
  app: INestApplicationContext,
  { organizationId, accountId }: Payer,
  { bulkId, status, lines }: { bulkId: string; status: string; lines: number },
): Promise<void> {
  const view = await app.get(BulkRequestsQueries, { strict: false }).get(organizationId, bulkId);
  expect(view).toMatchObject({
    status,
    completedAt: expect.any(Date),
    counts: { pending: 0, cancelled: lines },
    cancelledMinor: BigInt(lines) * 100n,
  });
  await expect(statusesOf(app, bulkId)).resolves.toEqual({ cancelled: lines });
  await expect(openChunksOf(app, bulkId)).resolves.toEqual([]);
  expect((await balanceOf(app, accountId))?.reserved).toBe(0n);
  expect(Math.max(...(await submissionsOf(app, bulkId)))).toBe(0);
  await expect(proofDtoOf(app, organizationId, bulkId)).resolves.toMatchObject({ balanced: true });
}
