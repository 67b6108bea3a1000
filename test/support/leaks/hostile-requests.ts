import { DESCRIPTION, OWN, PAYEES, STRAY } from './made-up.js';

export interface HostileRequest {
  readonly what: string;
  readonly method?: string;
  readonly path?: string;
  /** As bytes, or as what is sent as JSON. */
  readonly body?: string | object;
  readonly headers?: Readonly<Record<string, string>>;
}

export const spaced = (iban: string): string => iban.replace(/(.{4})(?=.)/g, '$1 ');

export const payment = (index: number, change: object = {}): object => {
  const { name, iban } = PAYEES[index % PAYEES.length] ?? PAYEES[0];
  return {
    amount: '1.00',
    counterparty_name: name,
    counterparty_iban: index % 2 === 0 ? iban : spaced(iban.toLowerCase()),
    description: DESCRIPTION,
    ...change,
  };
};

/** What a caller would send. */
export const bulkOf = (transfers: readonly unknown[], change: object = {}): object => ({
  organization_iban: OWN.iban,
  organization_bic: OWN.bic,
  credit_transfers: transfers,
  ...change,
});

const good = bulkOf([payment(0)]);
const text = JSON.stringify(good);
const WRONG_IBAN = STRAY.iban.replace(/.$/, (digit) => String((Number(digit) + 1) % 10));

const inBody = (what: string, body: string | object, headers = {}): HostileRequest => ({ what, body, headers });
const inPath = (what: string, path: string, method = 'GET'): HostileRequest => ({ what, path, method });

/** Each is refused, and has somebody's name or IBAN where it does not belong, or where something else is wrong. */
export const HOSTILE_REQUESTS: readonly HostileRequest[] = [
  inBody('a body that breaks off', text.slice(0, -3)),
  inBody('a body that breaks at an IBAN', text.replace(`"${PAYEES[0].iban}"`, PAYEES[0].iban)),
  inBody('an IBAN for a body', STRAY.iban),
  inBody('an IBAN as JSON for a body', JSON.stringify(STRAY.iban)),
  inBody('a key twice', text.replace('"amount"', `"counterparty_name":"${STRAY.name}","amount"`)),
  inBody('prototype keys', text.replace('"amount"', `"__proto__":{"${STRAY.iban}":"${STRAY.name}"},"amount"`)),
  inBody('an unknown field', { ...good, payee: STRAY.name, iban: STRAY.iban }),
  inBody('an IBAN as a key', { ...good, [STRAY.iban]: STRAY.name }),
  inBody('an IBAN in lower case as a key', { ...good, [STRAY.iban.toLowerCase()]: 1 }),
  inBody('an IBAN in groups as a key', { ...good, [spaced(STRAY.iban)]: 1 }),
  inBody('an IBAN within a key', bulkOf([payment(0, { [`pay_${STRAY.iban}_now`]: 1 })])),
  inBody('a name as a key', bulkOf([payment(0, { [STRAY.name]: STRAY.iban })])),
  inBody('a name as a label', { ...good, metadata: { [STRAY.name]: 7 } }),
  inBody('an IBAN as a label', { ...good, metadata: { [STRAY.iban]: 7 } }),
  inBody('an amount that is an IBAN', bulkOf([payment(0, { amount: STRAY.iban })])),
  inBody('a name that is an object', bulkOf([payment(0, { counterparty_name: { [STRAY.name]: STRAY.iban } })])),
  inBody('a name that is a list', bulkOf([payment(0, { counterparty_name: [STRAY.name] })])),
  inBody('a name that is too long', bulkOf([payment(0, { counterparty_name: STRAY.name.repeat(20) })])),
  inBody('an IBAN with wrong check digits', bulkOf([payment(0, { counterparty_iban: WRONG_IBAN })])),
  inBody('a name for an IBAN', bulkOf([payment(0, { counterparty_iban: STRAY.name })])),
  inBody('a name for a BIC', bulkOf([payment(0, { counterparty_bic: STRAY.name })])),
  inBody('an IBAN for a currency', bulkOf([payment(0, { currency: STRAY.iban })])),
  inBody('an IBAN for a date', { ...good, requested_execution_date: STRAY.iban }),
  inBody('an IBAN for a request id', { ...good, request_id: STRAY.iban }),
  inBody('an IBAN for a rail', { ...good, rail: STRAY.iban }),
  inBody('a name for a policy', { ...good, on_failure: STRAY.name }),
  inBody('a name for the list', { ...good, credit_transfers: STRAY.name }),
  inBody('names for lines', bulkOf([STRAY.name, STRAY.iban])),
  inBody('a debtor nobody knows', { ...good, organization_iban: STRAY.iban }),
  inBody('a debtor with another BIC', { ...good, organization_bic: 'ESPBESMMXXX' }),
  inBody('more than there is', bulkOf([payment(0, { amount: '99999999.00' })])),
  inBody('a body that is too large', { ...good, metadata: { x: `${STRAY.name} ${STRAY.iban} `.repeat(2_000) } }),
  inBody('another media type', text, { 'content-type': `text/${STRAY.name.split(' ')[1] ?? ''}` }),
  inBody('a key that is too long', text, { 'idempotency-key': `${STRAY.iban}-`.repeat(20) }),
  inBody('a key with a space', text, { 'idempotency-key': spaced(STRAY.iban) }),
  inBody('an organization that is an IBAN', text, { 'x-organization-id': STRAY.iban }),
  inBody('a charset that is an IBAN', text, { 'content-type': `application/json; charset=${STRAY.iban}` }),
  inPath('an IBAN for an account', `/accounts/${STRAY.iban}`),
  inPath('an IBAN in lower case for a transfer', `/transfers/${STRAY.iban.toLowerCase()}`),
  inPath('an IBAN in groups for a transfer', `/transfers/${encodeURIComponent(spaced(STRAY.iban))}`),
  inPath('a name for a bulk request', `/bulk-requests/${encodeURIComponent(STRAY.name)}`),
  inPath('a name for a route', `/${encodeURIComponent(STRAY.name)}/${STRAY.iban}`, 'POST'),
  inPath('an IBAN for a rail to stop', `/kill-switches/rails/${STRAY.iban}`, 'PUT'),
  inPath('an IBAN for a job', `/internal/jobs/${STRAY.iban}`, 'POST'),
  inPath('an unknown parameter', `/transfers?iban=${STRAY.iban}`),
  inPath('an IBAN for the name of a parameter', `/transfers?${STRAY.iban}=1`),
  inPath('a name for the name of a parameter', `/transfers?${encodeURIComponent(STRAY.name)}=1`),
  inPath('an IBAN for a state', `/bulk-requests?status=${STRAY.iban}`),
  inPath('an IBAN for a limit', `/transfers?limit=${STRAY.iban}`),
  inPath('an IBAN for a cursor', `/transfers?cursor=${STRAY.iban}`),
  inPath('a name for a time', `/transfers?created_from=${encodeURIComponent(STRAY.name)}`),
  inPath('an IBAN for what the log is searched for', `/audit-log?resource_id=${STRAY.iban}&who=${STRAY.iban}`),
];
