import { Injectable } from '@nestjs/common';
import { newId } from '../../../domain/ids.js';
import { Database } from '../../../platform/database/index.js';
import { AccountsQueries } from '../../accounts/index.js';
import { BOOK } from '../../rails/index.js';
import type { OpenedTransfer } from '../../transfers/index.js';
import type { CreditTransfer } from '../domain/credit-transfer.js';

/** Chooses what pays each line. Money for an account that is held here does not leave through a bank. */
@Injectable()
export class RouteLines {
  constructor(
    private readonly database: Database,
    private readonly accounts: AccountsQueries,
  ) {}

  /** @param rail what pays the lines to accounts that are not held here */
  async route(
    organizationId: string,
    rail: string,
    lines: readonly (CreditTransfer & Partial<Pick<OpenedTransfer, 'originTransferId'>>)[],
  ): Promise<OpenedTransfer[]> {
    const ibans = [...new Set(lines.map((line) => line.counterpartyIban))];
    const held = await this.accounts.findByIbans(this.database, organizationId, ibans);
    return lines.map((line) => {
      const creditor = held.get(line.counterpartyIban);
      return {
        ...line,
        id: newId(),
        rail: creditor ? BOOK : rail,
        creditorAccountId: creditor?.id ?? null,
        originTransferId: line.originTransferId ?? null,
      };
    });
  }
}
