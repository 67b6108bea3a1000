import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import { unviolated } from '../../../platform/database/constraint-violation.js';
import { prepared, type Queryable, type Tx } from '../../../platform/database/index.js';
import type { Hold, HoldOutcome, NewHold } from '../domain/hold.js';

const HOLD = `id, organization_id AS "organizationId", account_id AS "accountId", currency, purpose,
  reference_id AS "referenceId", amount_minor AS "amountMinor", captured_minor AS "capturedMinor",
  released_minor AS "releasedMinor"`;

const APPLY_HOLD_OUTCOME = prepared(
  'apply_hold_outcome',
  `UPDATE holds SET captured_minor = captured_minor + $3, released_minor = released_minor + $4
    WHERE purpose = $1 AND reference_id = $2`,
);

@Injectable()
export class HoldsRepository {
  async insert(tx: Tx, id: string, hold: NewHold): Promise<void> {
    await unviolated(
      'a new hold',
      tx.execute(
        `INSERT INTO holds (id, organization_id, account_id, currency, purpose, reference_id, amount_minor)
         VALUES ($1, $2, $3, $4, $5, $6, $7)`,
        [id, hold.organizationId, hold.accountId, hold.currency, hold.purpose, hold.referenceId, hold.amountMinor],
      ),
    );
  }

  async find(on: Queryable, purpose: string, referenceId: string): Promise<Hold | null> {
    const [hold] = await on.query<Hold>(`SELECT ${HOLD} FROM holds WHERE purpose = $1 AND reference_id = $2`, [
      purpose,
      referenceId,
    ]);
    return hold ?? null;
  }

  async lock(tx: Tx, purpose: string, referenceId: string): Promise<Hold | null> {
    const [hold] = await tx.query<Hold>(
      `SELECT ${HOLD} FROM holds WHERE purpose = $1 AND reference_id = $2 FOR NO KEY UPDATE`,
      [purpose, referenceId],
    );
    return hold ?? null;
  }

  async getUnheld(on: Queryable, accountId: string): Promise<bigint> {
    const [row] = await on.query<{ unheldMinor: bigint }>(
      `SELECT (a.reserved_minor - coalesce((SELECT sum(amount_minor - captured_minor - released_minor) FROM holds
                                             WHERE account_id = a.id), 0))::bigint AS "unheldMinor"
         FROM accounts a WHERE a.id = $1`,
      [accountId],
    );
    return row?.unheldMinor ?? 0n;
  }

  async applyOutcome(tx: Tx, outcome: HoldOutcome): Promise<void> {
    const updated = await unviolated(
      'the outcome of a hold',
      tx.execute(APPLY_HOLD_OUTCOME, [
        outcome.purpose,
        outcome.referenceId,
        outcome.capturedMinor,
        outcome.releasedMinor,
      ]),
    );
    if (updated !== 1) throw invariantViolated(`there is no hold for this ${outcome.purpose}`);
  }
}
