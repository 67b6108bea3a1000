import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../../domain/errors.js';
import { prepared, type Queryable, sqlState, type Tx } from '../../../platform/database/index.js';
import { unviolated } from '../../../platform/database/constraint-violation.js';
import {
  type Account,
  type Creditor,
  type Debtor,
  type LockedAccount,
  type SystemAccount,
  systemAccountName,
} from '../domain/account.js';
import type { BalanceAfter, BalanceChange } from '../domain/balance-change.js';

const UNIQUE_VIOLATION = '23505';

const ACCOUNT = `id, organization_id AS "organizationId", name, iban, bic, currency, status,
  frozen_by_platform AS "frozenByPlatform", verified_at AS "verifiedAt", posted_minor AS "postedMinor", reserved_minor AS "reservedMinor", created_at AS "createdAt"`;

const DEBTOR = `id, organization_id AS "organizationId", name, iban, bic, currency, status,
  posted_minor - reserved_minor + overdraft_limit_minor AS "availableMinor"`;

const CREDITOR = 'iban, id, organization_id AS "organizationId", currency';

// Joins, not ANY: what is prepared would compare each account with all of 10,000 IBANs.
const FIND_BY_IBANS = prepared(
  'find_accounts_by_ibans',
  `SELECT ${CREDITOR} FROM accounts JOIN unnest($2::text[]) AS i (iban) USING (iban)
    WHERE organization_id = $1 AND kind = 'customer'`,
);

const FIND_VERIFIED_BY_IBANS = prepared(
  'find_verified_accounts_by_ibans',
  `SELECT ${CREDITOR} FROM accounts JOIN unnest($1::text[]) AS i (iban) USING (iban) WHERE verified_at IS NOT NULL`,
);

// The last condition looks idle: it lets the planner use the partial index whatever the parameter.
const FIND_SYSTEM_ACCOUNT = prepared(
  'find_system_account',
  `SELECT id FROM accounts
    WHERE organization_id = $1 AND kind = $2 AND coalesce(rail, '') = coalesce($3, '') AND currency = $4
      AND kind <> 'customer'`,
);

const LOCK_ACCOUNTS = prepared(
  'lock_accounts',
  `SELECT FROM accounts WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
);

const BALANCE_AFTER = `a.id, a.organization_id AS "organizationId", a.kind = 'customer' AS "isCustomer", a.currency,
  a.posted_minor AS "postedMinor", a.reserved_minor AS "reservedMinor"`;

const CHANGE_BALANCES = prepared(
  'change_balances',
  `UPDATE accounts AS a
      SET posted_minor = a.posted_minor + c.posted_minor, reserved_minor = a.reserved_minor + c.reserved_minor
     FROM unnest($1::uuid[], $2::bigint[], $3::bigint[]) AS c (id, posted_minor, reserved_minor)
    WHERE a.id = c.id RETURNING ${BALANCE_AFTER}`,
);

@Injectable()
export class AccountsRepository {
  /** Null when the organization has an account with this IBAN. */
  async insert(
    tx: Tx,
    account: Pick<Account, 'id' | 'organizationId' | 'name' | 'iban' | 'bic' | 'currency'>,
  ): Promise<Account | null> {
    const [inserted] = await tx.query<Account>(
      `INSERT INTO accounts (id, organization_id, kind, name, iban, bic, currency, overdraft_limit_minor)
       VALUES ($1, $2, 'customer', $3, $4, $5, $6, 0)
       ON CONFLICT (organization_id, iban) DO NOTHING
       RETURNING ${ACCOUNT}`,
      [account.id, account.organizationId, account.name, account.iban, account.bic, account.currency],
    );
    return inserted ?? null;
  }

  async find(on: Queryable, organizationId: string, id: string): Promise<Account | null> {
    const [account] = await on.query<Account>(
      `SELECT ${ACCOUNT} FROM accounts WHERE id = $1 AND organization_id = $2 AND kind = 'customer'`,
      [id, organizationId],
    );
    return account ?? null;
  }

  async lock(tx: Tx, organizationId: string, id: string): Promise<Account | null> {
    const [account] = await tx.query<Account>(
      `SELECT ${ACCOUNT} FROM accounts WHERE id = $1 AND organization_id = $2 AND kind = 'customer' FOR NO KEY UPDATE`,
      [id, organizationId],
    );
    return account ?? null;
  }

  /** Newest first, from before `beforeId` on. */
  async list(on: Queryable, organizationId: string, limit: number, beforeId: string | null): Promise<Account[]> {
    return on.query<Account>(
      `SELECT ${ACCOUNT} FROM accounts
        WHERE organization_id = $1 AND kind = 'customer' AND ($3::uuid IS NULL OR id < $3)
        ORDER BY id DESC LIMIT $2`,
      [organizationId, limit, beforeId],
    );
  }

  async findDebtorById(on: Queryable, organizationId: string, id: string): Promise<Debtor | null> {
    const [debtor] = await on.query<Debtor>(
      `SELECT ${DEBTOR} FROM accounts WHERE id = $1 AND organization_id = $2 AND kind = 'customer'`,
      [id, organizationId],
    );
    return debtor ?? null;
  }

  async findDebtorByIban(on: Queryable, organizationId: string, iban: string): Promise<Debtor | null> {
    const [debtor] = await on.query<Debtor>(
      `SELECT ${DEBTOR} FROM accounts WHERE organization_id = $1 AND iban = $2 AND kind = 'customer'`,
      [organizationId, iban],
    );
    return debtor ?? null;
  }

  async findByIbans(
    on: Queryable,
    organizationId: string,
    ibans: readonly string[],
  ): Promise<(Creditor & { iban: string })[]> {
    return on.query<Creditor & { iban: string }>(FIND_BY_IBANS, [organizationId, ibans]);
  }

  /** Of any organization: only accounts whose IBAN the platform verified. `on` acts for discovery. */
  async findVerifiedByIbans(on: Queryable, ibans: readonly string[]): Promise<(Creditor & { iban: string })[]> {
    return on.query<Creditor & { iban: string }>(FIND_VERIFIED_BY_IBANS, [ibans]);
  }

  /** In id order, the one order of all account locks. */
  async lockAll(tx: Tx, ids: readonly string[]): Promise<LockedAccount[]> {
    return tx.query<LockedAccount>(
      `SELECT id, organization_id AS "organizationId", currency, status,
              posted_minor - reserved_minor + coalesce(overdraft_limit_minor, 0) AS "availableMinor"
         FROM accounts WHERE id = ANY($1::uuid[]) ORDER BY id FOR NO KEY UPDATE`,
      [ids],
    );
  }

  async changeStatus(
    tx: Tx,
    { id, status: from }: Pick<Account, 'id' | 'status'>,
    { status, frozenByPlatform }: Pick<Account, 'status' | 'frozenByPlatform'>,
  ): Promise<void> {
    const updated = await tx.execute(
      `UPDATE accounts SET status = $3, frozen_by_platform = $4 WHERE id = $1 AND status = $2`,
      [id, from, status, frozenByPlatform],
    );
    if (updated !== 1) throw invariantViolated('a locked account changed its status');
  }

  /** Null when another account was verified for this IBAN; the transaction can then only be rolled back. */
  async verify(tx: Tx, id: string): Promise<Account | null> {
    try {
      const [account] = await tx.query<Account>(
        `UPDATE accounts SET verified_at = now() WHERE id = $1 AND verified_at IS NULL RETURNING ${ACCOUNT}`,
        [id],
      );
      if (!account) throw invariantViolated('a locked account was verified by somebody else');
      return account;
    } catch (error) {
      if (sqlState(error) === UNIQUE_VIOLATION) return null;
      throw error;
    }
  }

  async findSystemAccount(tx: Tx, { organizationId, kind, rail, currency }: SystemAccount): Promise<string | null> {
    const [account] = await tx.query<{ id: string }>(FIND_SYSTEM_ACCOUNT, [
      organizationId,
      kind,
      rail ?? null,
      currency,
    ]);
    return account?.id ?? null;
  }

  /** Leaves one that is there alone, waiting for whoever is just making it. */
  async insertSystemAccount(tx: Tx, id: string, account: SystemAccount): Promise<void> {
    await tx.execute(
      `INSERT INTO accounts (id, organization_id, kind, rail, name, currency)
       VALUES ($1, $2, $3, $4, $5, $6)
       ON CONFLICT (organization_id, kind, coalesce(rail, ''), currency) WHERE kind <> 'customer' DO NOTHING`,
      [id, account.organizationId, account.kind, account.rail ?? null, systemAccountName(account), account.currency],
    );
  }

  /** The one guard of money that wants to leave. Null: not active, or less available than that. */
  async reserve(tx: Tx, accountId: string, amountMinor: bigint): Promise<BalanceAfter | null> {
    const [after] = await tx.query<BalanceAfter>(
      `UPDATE accounts AS a SET reserved_minor = reserved_minor + $2
        WHERE id = $1 AND status = 'active'
          AND (overdraft_limit_minor IS NULL OR posted_minor - reserved_minor + overdraft_limit_minor >= $2)
        RETURNING ${BALANCE_AFTER}`,
      [accountId, amountMinor],
    );
    return after ?? null;
  }

  /** One row per change. Where two can meet, their rows are locked in order first: UPDATE ... FROM promises none. */
  async applyChanges(tx: Tx, changes: readonly BalanceChange[]): Promise<BalanceAfter[]> {
    const ids = changes.map((change) => change.accountId);
    if (ids.length > 1) await tx.execute(LOCK_ACCOUNTS, [ids]);
    const after = await unviolated(
      'balances of accounts',
      tx.query<BalanceAfter>(CHANGE_BALANCES, [
        ids,
        changes.map((change) => change.postedMinor),
        changes.map((change) => change.reservedMinor),
      ]),
    );
    if (after.length !== changes.length) {
      throw invariantViolated(`${changes.length} accounts to change, ${after.length} found`);
    }
    return after;
  }
}
