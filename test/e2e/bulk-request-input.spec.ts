import { createFundedAccount } from '../factories/organizations.js';
import { germanIban } from '../factories/bulk-requests.js';
import { ACME_DEBTOR, type Acme, startAcme } from '../support/acme.js';
import type { ApiAnswer } from '../support/test-api.js';

const MAX_LINES = 300;
const LINE = '/credit_transfers/0';
const OWN_IBAN = 'DE02120300000000202051';

const line = (change: object = {}): object => ({
  amount: '1.00',
  counterparty_name: 'John Doe',
  counterparty_iban: 'DE89370400440532013000',
  ...change,
});
const bulk = (change: object = {}): object => ({ ...ACME_DEBTOR, credit_transfers: [line()], ...change });
const bulkOf = (...lines: unknown[]): object => bulk({ credit_transfers: lines });
const times = (count: number, make: (index: number) => object): object[] =>
  Array.from({ length: count }, (_, index) => make(index));
const pairs = (count: number): object => Object.fromEntries(times(count, (index) => [`key-${index}`, 'value'] as never));

/** An IBAN whose check digits MOD 97-10 takes for right, although the standard never makes them. */
function ibanWithCheckDigits(digits: '00' | '01' | '99'): string {
  const made = { '00': '97', '01': '98', '99': '02' }[digits];
  for (let number = 0; ; number += 1) {
    const iban = germanIban(number);
    if (iban.slice(2, 4) === made) return `DE${digits}${iban.slice(4)}`;
  }
}

/** Status, code, and pointer and code of every field error. */
function verdict({ status, headers, body }: ApiAnswer): unknown[] {
  expect(headers['content-type']).toMatch(/^application\/problem\+json\b/);
  const errors = (body.errors ?? []) as { pointer: string; code: string; detail: string }[];
  return [status, body.code, ...errors.map(({ pointer, code }) => `${pointer} ${code}`)];
}
const invalid = (...errors: string[]): unknown[] => [400, 'invalid_request', ...errors];
const against = (...errors: string[]): unknown[] => [422, 'validation_failed', ...errors];

describe('the input of a bulk request', () => {
  let acme: Acme;
  let before: Record<string, number>;
  const accounts: Record<string, string> = {};

  beforeAll(async () => {
    acme = await startAcme({ MAX_TRANSFERS_PER_BULK: String(MAX_LINES) }, { working: false });
    const { organizationId } = acme;
    for (const [currency, iban] of [['JPY'], ['KWD'], ['EUR', OWN_IBAN]] as [string, string?][]) {
      const account = { organizationId, currency, iban: iban ?? null, amount: '1000' };
      accounts[currency] = (await createFundedAccount(acme.api.app, account)).id;
    }
    before = await acme.rowCounts();
  });
  afterAll(() => acme.close());
  afterEach(async () => {
    expect(await acme.rowCounts()).toEqual(before);
  });
  const submit = (body: object): Promise<ApiAnswer> => acme.post('/bulk-requests', body);

  it.each(['1e3', ' 1', '1 ', '-1', '+1', '01', '1,00', '1.', '.5', '١٢', '１', '', '1.0000', '1234567890123', 'NaN', '1\n'])(
    'refuses the amount %j, which is no decimal string',
    async (amount) => {
      expect(verdict(await submit(bulkOf(line({ amount }))))).toEqual(invalid(`${LINE}/amount pattern`));
    },
  );

  it.each<[string, object, unknown[]]>([
    ['a number for an amount', { amount: 1 }, invalid(`${LINE}/amount type`)],
    ['an amount of zero', { amount: '0.00' }, against(`${LINE}/amount zero_amount`)],
    ['a tenth of a cent', { amount: '0.001' }, against(`${LINE}/amount too_many_decimals`)],
    ['a currency in lower case', { currency: 'eur' }, invalid(`${LINE}/currency pattern`)],
    ['four letters for a currency', { currency: 'EURO' }, invalid(`${LINE}/currency pattern`)],
    ['a currency unlike the account', { currency: 'USD' }, against(`${LINE}/currency currency_mismatch`)],
    ['a currency that does not exist', { currency: 'ABC' }, against(`${LINE}/currency unknown_currency`)],
    ['a wrong checksum', { counterparty_iban: 'DE89370400440532013001' }, against(`${LINE}/counterparty_iban iban_checksum`)],
    ['check digits 00', { counterparty_iban: ibanWithCheckDigits('00') }, against(`${LINE}/counterparty_iban iban_checksum`)],
    ['check digits 01', { counterparty_iban: ibanWithCheckDigits('01') }, against(`${LINE}/counterparty_iban iban_checksum`)],
    ['check digits 99', { counterparty_iban: ibanWithCheckDigits('99') }, against(`${LINE}/counterparty_iban iban_checksum`)],
    ['an IBAN too short', { counterparty_iban: 'DE8937040044053201300' }, against(`${LINE}/counterparty_iban iban_length`)],
    ['an IBAN of no country', { counterparty_iban: 'XX89370400440532013000' }, against(`${LINE}/counterparty_iban iban_country`)],
    ['an empty IBAN', { counterparty_iban: '' }, invalid(`${LINE}/counterparty_iban too_short`)],
    ['an IBAN of 43 characters', { counterparty_iban: 'D'.repeat(43) }, invalid(`${LINE}/counterparty_iban too_long`)],
    ['ten letters for a BIC', { counterparty_bic: 'DEUTDEFFXX' }, invalid(`${LINE}/counterparty_bic pattern`)],
    ['a BIC in lower case', { counterparty_bic: 'deutdeff' }, invalid(`${LINE}/counterparty_bic pattern`)],
    ['a control character', { counterparty_name: 'John\u0000Doe' }, invalid(`${LINE}/counterparty_name pattern`)],
    ['a tab', { counterparty_name: 'John\tDoe' }, invalid(`${LINE}/counterparty_name pattern`)],
    ['a control character of C1', { counterparty_name: 'John\u0085Doe' }, invalid(`${LINE}/counterparty_name pattern`)],
    ['a control character in a description', { description: 'a\nb' }, invalid(`${LINE}/description pattern`)],
    ['a control character in an IBAN', { counterparty_iban: 'DE89\u007f' }, invalid(`${LINE}/counterparty_iban pattern`)],
    ['a lone surrogate', { counterparty_name: 'John \ud83d' }, invalid(`${LINE}/counterparty_name pattern`)],
    ['a name of spaces', { counterparty_name: ' \u00a0\u3000' }, invalid(`${LINE}/counterparty_name pattern`)],
    ['100 KB in one field', { description: 'x'.repeat(100_000) }, invalid(`${LINE}/description too_long`)],
    ['a long client_transfer_id', { client_transfer_id: 'x'.repeat(36) }, invalid(`${LINE}/client_transfer_id too_long`)],
    ['a long purpose', { purpose_code: 'SALAR' }, invalid(`${LINE}/purpose_code pattern`)],
    ['null for a currency', { currency: null }, invalid(`${LINE}/currency type`)],
    ['null for a description', { description: null }, invalid(`${LINE}/description type`)],
    ['an object for a name', { counterparty_name: { first: 'John' } }, invalid(`${LINE}/counterparty_name type`)],
    ['an unknown field', { surprise: true }, invalid(`${LINE}/surprise unknown_field`)],
  ])('refuses a line with %s', async (_, change, expected) => {
    expect(verdict(await submit(bulkOf(line(change))))).toEqual(expected);
  });

  it.each<[string, object, unknown[]]>([
    ['no line', bulkOf(), invalid('/credit_transfers too_few')],
    ['one line too many', bulkOf(...times(MAX_LINES + 1, line)), invalid('/credit_transfers too_many')],
    ['null for its lines', bulk({ credit_transfers: null }), invalid('/credit_transfers type')],
    ['an object for its lines', bulk({ credit_transfers: {} }), invalid('/credit_transfers type')],
    ['a list for a line', bulkOf([]), invalid(`${LINE} type`)],
    ['null for a line', bulkOf(line(), null), invalid('/credit_transfers/1 type')],
    ['a list for a body', [bulk()], invalid(' type')],
    ['an unknown field', bulk({ surprise: 1 }), invalid('/surprise unknown_field')],
    ['a misspelt field', bulk({ organisation_name: 'ACME Corp' }), invalid('/organisation_name unknown_field')],
    ['a request_id that is no UUID', bulk({ request_id: '42' }), invalid('/request_id pattern')],
    ['null for its request_id', bulk({ request_id: null }), invalid('/request_id type')],
    ['an account id that is none', bulk({ debtor_account_id: 'x' }), invalid('/debtor_account_id pattern')],
    ['an unknown policy', bulk({ on_failure: 'explode' }), invalid('/on_failure enum')],
    ['an unknown validation', bulk({ validation: 'some' }), invalid('/validation enum')],
    ['an unknown priority', bulk({ priority: 'high' }), invalid('/priority enum')],
    ['an unknown rail', bulk({ rail: 'swift' }), invalid('/rail enum')],
    ['51 labels', bulk({ metadata: pairs(51) }), invalid('/metadata too_many')],
    ['a label of 501 characters', bulk({ metadata: { a: 'x'.repeat(501) } }), invalid('/metadata/a too_long')],
    ['a number for a label', bulk({ metadata: { a: 1 } }), invalid('/metadata/a type')],
    ['a label in a label', bulk({ metadata: { a: { b: 'c' } } }), invalid('/metadata/a type')],
    ['a list for labels', bulk({ metadata: ['a'] }), invalid('/metadata type')],
    ['a label of control characters', bulk({ metadata: { a: '\u001b[31m' } }), invalid('/metadata/a pattern')],
    ['a BIC and no IBAN', bulk({ organization_iban: undefined }), invalid('/organization_iban required')],
    ['an IBAN and no BIC', bulk({ organization_bic: undefined }), invalid('/organization_bic required')],
    ['no debtor', { credit_transfers: [line()] }, invalid('/organization_iban required', '/organization_bic required')],
    ['a bad BIC of its own', bulk({ organization_bic: 'OIVUSCLQXX' }), invalid('/organization_bic pattern')],
  ])('refuses a bulk with %s', async (_, body, expected) => {
    expect(verdict(await submit(body))).toEqual(expected);
  });

  it('names every missing field of a line', async () => {
    const missing = ['amount', 'counterparty_iban', 'counterparty_name'];
    expect(verdict(await submit(bulkOf({})))).toEqual(invalid(...missing.map((field) => `${LINE}/${field} required`)));
  });

  it('points at the name of a label that is too long', async () => {
    const name = 'x'.repeat(41);
    expect(verdict(await submit(bulk({ metadata: { [name]: 'a' } })))).toEqual(invalid(`/metadata/${name} too_long`));
  });

  it('takes as many decimals as the currency has', async () => {
    const inJpy = { debtor_account_id: accounts.JPY, credit_transfers: [line({ amount: '1.5' })] };
    const inKwd = { debtor_account_id: accounts.KWD, credit_transfers: [line({ amount: '0.000' })] };
    expect(verdict(await submit(inJpy))).toEqual(against(`${LINE}/amount too_many_decimals`));
    expect(verdict(await submit(inKwd))).toEqual(against(`${LINE}/amount zero_amount`));
  });

  it('does not pay an account from itself', async () => {
    const body = { debtor_account_id: accounts.EUR, credit_transfers: [line({ counterparty_iban: OWN_IBAN })] };
    expect(verdict(await submit(body))).toEqual(against(`${LINE}/counterparty_iban same_account`));
  });

  it('refuses a client_transfer_id used twice, also when it is typed differently', async () => {
    const ids = ['a', 'caf\u00e9', 'b', 'cafe\u0301', 'a'];
    const body = bulkOf(...ids.map((id) => line({ client_transfer_id: id })));
    const pointer = (index: number): string => `/credit_transfers/${index}/client_transfer_id`;
    const code = 'duplicate_client_transfer_id';
    expect(verdict(await submit(body))).toEqual(against(`${pointer(3)} ${code}`, `${pointer(4)} ${code}`));
  });

  it('reports a broken form before a broken rule', async () => {
    const zero = line({ amount: '0.00' });
    const body = bulk({ callback_url: 'https://a.test', credit_transfers: [zero, line({ amount: 'x' })] });
    expect(verdict(await submit(body))).toEqual(invalid('/credit_transfers/1/amount pattern'));
    const nobody = { callback_url: 'https://a.test', debtor_account_id: undefined, credit_transfers: [zero] };
    expect(verdict(await submit(nobody))).toEqual(invalid('/organization_iban required', '/organization_bic required'));
  });

  it.each<[string, object, unknown[]]>([
    ['form', { amount: 'x' }, [400, 'invalid_request']],
    ['rule', { amount: '0' }, [422, 'validation_failed']],
  ])('lists the first hundred lines that break a %s, and says how many there were', async (_, change, expected) => {
    const answer = await submit(bulkOf(...times(MAX_LINES, (index) => line(index < 50 ? {} : change))));
    const errors = answer.body.errors as { pointer: string }[];
    expect([answer.status, answer.body.code]).toEqual(expected);
    expect(errors).toHaveLength(100);
    expect(errors.map(({ pointer }) => pointer)).toEqual(times(100, (index) => `/credit_transfers/${50 + index}/amount` as never));
    expect(answer.body.error_count).toBe(250);
  });

  it('repeats no value of the request in an error', async () => {
    const secret = 'DE89370400440532013001';
    const answer = await submit(bulk({ organization_bic: secret, credit_transfers: [line({ counterparty_iban: secret })] }));
    expect(answer.status).toBe(400);
    expect(answer.text).not.toContain(secret);
  });
});
