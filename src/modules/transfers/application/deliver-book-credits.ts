import { Injectable } from '@nestjs/common';
import { Database, ofOrganization, PLATFORM, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { AccountsService } from '../../accounts/index.js';
import { LedgerService } from '../../ledger/index.js';
import { BOOK } from '../../rails/index.js';
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
  ) {}

  async deliver(chunkId: string): Promise<void> {
    const open = await this.repository.findOpen(this.database.as(PLATFORM), chunkId);
    for (const organizationId of new Set(open.map((delivery) => delivery.creditorOrganizationId))) {
      const deliveries = open.filter((delivery) => delivery.creditorOrganizationId === organizationId);
      await this.unitOfWork.run(ofOrganization(organizationId), (tx) => this.deliverTo(tx, organizationId, deliveries));
    }
  }

  private async deliverTo(tx: Tx, organizationId: string, deliveries: readonly BookDelivery[]): Promise<void> {
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
    await this.ledger.post(tx, {
      organizationId,
      entries: deliveries.map((delivery) => ({
        kind: 'book_delivery' as const,
        debitAccountId: clearingId,
        creditAccountId: delivery.creditorStatus === 'closed' ? suspenseId : delivery.creditorAccountId,
        amountMinor: delivery.amountMinor,
        currency: delivery.currency,
        transferId: delivery.transferId,
      })),
    });
  }
}
