import type { Currency } from '../../../domain/currency.js';

export type AccountStatus = 'active' | 'frozen' | 'closed';

/** An account of an organization. Amounts are minor units of its one currency. */
export interface Account {
  readonly id: string;
  readonly organizationId: string;
  readonly name: string;
  /** In electronic form. Of the organization's own accounts neither structure nor check digits are held against a registry. */
  readonly iban: string | null;
  readonly bic: string | null;
  readonly currency: Currency;
  readonly status: AccountStatus;
  /** The platform froze it, so only the platform decides what becomes of it. False for one that is not frozen. */
  readonly frozenByPlatform: boolean;
  /** When the platform made sure that the IBAN is this account's. Only then do other organizations' payments reach it. */
  readonly verifiedAt: Date | null;
  /** Credits minus debits of the ledger. */
  readonly postedMinor: bigint;
  /** What open holds keep back. */
  readonly reservedMinor: bigint;
  readonly createdAt: Date;
}

export const availableMinor = ({
  postedMinor,
  reservedMinor,
}: Pick<Account, 'postedMinor' | 'reservedMinor'>): bigint => postedMinor - reservedMinor;

/** Where a payment takes its money from. */
export interface Debtor extends Pick<
  Account,
  'id' | 'organizationId' | 'name' | 'iban' | 'bic' | 'currency' | 'status'
> {
  /** What could be reserved now: posted less reserved, and the overdraft limit on top. */
  readonly availableMinor: bigint;
}

/** An account found by its IBAN, as the creditor of a payment. */
export type Creditor = Pick<Account, 'id' | 'organizationId' | 'currency'>;

/** An account whose row is locked: what is said here stays true until the transaction ends. */
export interface LockedAccount extends Pick<Account, 'id' | 'organizationId' | 'currency' | 'status'> {
  readonly availableMinor: bigint;
}

/**
 * The other sides of an organization's money, one account per kind, rail and currency, so that no row is everybody's.
 * `clearing` is money with a rail, `suspense` money nobody could place yet, `bank` the platform's own.
 */
export type SystemAccountKind = 'clearing' | 'suspense' | 'fees' | 'fx' | 'bank';

export interface SystemAccount {
  readonly organizationId: string;
  readonly kind: SystemAccountKind;
  /** Clearing only. */
  readonly rail?: string;
  readonly currency: Currency;
}

export const systemAccountName = ({ kind, rail, currency }: SystemAccount): string =>
  [kind, rail, currency].filter((part) => part !== undefined).join(' ');

/** As a JSON Schema pattern: 15 to 34 letters and digits, with spaces wherever people put them. */
export const OWN_IBAN_PATTERN = '^ *([A-Za-z0-9] *){15,34}$';
