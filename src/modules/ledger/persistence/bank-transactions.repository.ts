import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import type { Queryable, Tx } from '../../../platform/database/index.js';
import type { BankTransaction } from '../domain/bank-transaction.js';

const BANK_TRANSACTION = `id, organization_id AS "organizationId", account_id AS "accountId", currency,
  amount_minor AS "amountMinor", direction, status, reason, failure_reason AS "failureReason", created_at AS "createdAt"`;

@Injectable()
export class BankTransactionsRepository {
  async insert(tx: Tx, transaction: Omit<BankTransaction, 'createdAt'>): Promise<BankTransaction> {
    const { id, organizationId, accountId, currency, amountMinor, direction, status, reason, failureReason } =
      transaction;
    const [inserted] = await tx.query<BankTransaction>(
      `INSERT INTO bank_transactions (id, organization_id, account_id, currency, amount_minor, direction, status, reason, failure_reason)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
       RETURNING ${BANK_TRANSACTION}`,
      [id, organizationId, accountId, currency, amountMinor, direction, status, reason, failureReason],
    );
    if (!inserted) throw invariantViolated('a bank transaction was not inserted');
    return inserted;
  }

  async find(on: Queryable, organizationId: string, id: string): Promise<BankTransaction | null> {
    const [transaction] = await on.query<BankTransaction>(
      `SELECT ${BANK_TRANSACTION} FROM bank_transactions WHERE id = $1 AND organization_id = $2`,
      [id, organizationId],
    );
    return transaction ?? null;
  }

  /** Newest first, from before `beforeId` on. */
  async list(
    on: Queryable,
    organizationId: string,
    limit: number,
    beforeId: string | null,
  ): Promise<BankTransaction[]> {
    return on.query<BankTransaction>(
      `SELECT ${BANK_TRANSACTION} FROM bank_transactions
        WHERE organization_id = $1 AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $2`,
      [organizationId, limit, beforeId],
    );
  }
}
