import { createHash } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { Database, ofOrganization, PLATFORM, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { AccountsService } from '../../accounts/index.js';
import { AuditTrail } from '../../audit/index.js';
import { LedgerService } from '../../ledger/index.js';
import { BOOK } from '../../rails/index.js';
import { type DeliveredLine, textOfDelivered, totalOf } from '../domain/delivered-line.js';
import { type BookDelivery, BookDeliveryRepository } from '../persistence/book-delivery.repository.js';

/**
 * The second half of a book transfer between organizations: out of the clearing account, into the counterparty's. One
 * transaction per receiving organization. Running twice changes nothing: a delivery is one ledger entry, unique per transfer.
 */
@Injectable()
export class DeliverBookCredits {
  constructor(
    private readonly database: Database,
    private readonly unitOfWork: UnitOfWork,
    private readonly repository: BookDeliveryRepository,
    private readonly accounts: AccountsService,
    private readonly ledger: LedgerService,
    private readonly audit: AuditTrail,
  ) {}

  async deliver(chunkId: string): Promise<void> {
    const open = await this.repository.findOpen(this.database.as(PLATFORM), chunkId);
    for (const organizationId of new Set(open.map((delivery) => delivery.creditorOrganizationId))) {
      const deliveries = open.filter((delivery) => delivery.creditorOrganizationId === organizationId);
      const to = { organizationId, chunkId };
      await this.unitOfWork.run(ofOrganization(organizationId), (tx) => this.deliverTo(tx, to, deliveries));
    }
  }

  private async deliverTo(
    tx: Tx,
    { organizationId, chunkId }: { organizationId: string; chunkId: string },
    deliveries: readonly BookDelivery[],
  ): Promise<void> {
    const currency = deliveries[0]?.currency ?? '';
    const clearingId = await this.accounts.getSystemAccount(tx, {
      organizationId,
      kind: 'clearing',
      rail: BOOK,
      currency,
    });
    // What has happened is booked: an account closed since then only changes where it lands.
    const closed = deliveries.some((delivery) => delivery.creditorStatus === 'closed');
    const suspenseId = closed
      ? await this.accounts.getSystemAccount(tx, { organizationId, kind: 'suspense', currency })
      : '';
    const delivered = deliveries.map(({ transferId, creditorStatus, creditorAccountId, amountMinor }) => ({
      transferId,
      accountId: creditorStatus === 'closed' ? suspenseId : creditorAccountId,
      amountMinor,
    }));
    await this.ledger.post(tx, {
      organizationId,
      entries: delivered.map(({ transferId, accountId, amountMinor }) => ({
        kind: 'book_delivery' as const,
        debitAccountId: clearingId,
        creditAccountId: accountId,
        amountMinor,
        currency,
        transferId,
      })),
    });
    this.record(tx, { organizationId, chunkId, currency }, delivered);
  }

  /** In the chain of who receives; the payer's has the chunk as it was recorded. */
  private record(
    tx: Tx,
    { organizationId, chunkId, currency }: { organizationId: string; chunkId: string; currency: string },
    delivered: readonly DeliveredLine[],
  ): void {
    const digest = createHash('sha256').update(delivered.map(textOfDelivered).join(''), 'utf8').digest('hex');
    this.audit.record(tx, {
      organizationId,
      action: 'book_credits.delivered',
      resource: { type: 'chunk', id: chunkId },
      after: {
        lines: delivered.length,
        total_minor: totalOf(delivered).toString(),
        currency,
        digest,
      },
    });
  }
}
