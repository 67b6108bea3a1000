import { germanIban } from '../factories/bulk-requests.js';
import { createFundedAccount } from '../factories/organizations.js';
import { bulk, bulkOf, line, lines } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import type { ApiAnswer } from '../support/test-api.js';
import { against, invalid, verdict } from '../support/verdict.js';

const MAX_LINES = 300;
const LINE = '/credit_transfers/0';
const OWN_IBAN = 'DE02120300000000202051';

const labels = (count: number): object =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`key-${index}`, 'value']));

/** An IBAN whose check digits MOD 97-10 takes for right, although the standard never makes them. */
function ibanWithCheckDigits(digits: '00' | '01' | '99'): string {
  const made = { '00': '97', '01': '98', '99': '02' }[digits];
  for (let number = 0; ; number += 1) {
    const iban = germanIban(number);
    if (iban.slice(2, 4) === made) return `DE${digits}${iban.slice(4)}`;
  }
}

describe('the input of a bulk request', () => {
  let acme: Acme;
  let before: Record<string, number>;
  const accounts: Record<string, string> = {};

  beforeAll(async () => {
    acme = await startAcme({ MAX_TRANSFERS_PER_BULK: String(MAX_LINES) }, { working: false });
    for (const [currency, iban] of Object.entries({ JPY: null, KWD: null, EUR: OWN_IBAN })) {
      const account = { organizationId: acme.organizationId, currency, iban, amount: '1000' };
      accounts[currency] = (await createFundedAccount(acme.api.app, account)).id;
    }
    before = await acme.rowCounts();
  });
  afterAll(() => acme.close());
  afterEach(async () => {
    expect(await acme.rowCounts()).toEqual(before); // nothing was stored
  });
  const submit = (body: object): Promise<ApiAnswer> => acme.post('/bulk-requests', body);

  it.each([
    ...['1e3', ' 1', '1 ', '-1', '+1', '01', '1,00', '1.', '.5', '١٢', '１', ''],
    ...['1.0000', '1234567890123', 'NaN', '1\n'],
  ])('refuses the amount %j, which is no decimal string', async (amount) => {
    expect(verdict(await submit(bulkOf(line({ amount }))))).toEqual(invalid(`${LINE}/amount pattern`));
  });

  it.each<[string, string, unknown, string]>([
    ['a number', 'amount', 1, 'type'],
    ['a currency in lower case', 'currency', 'eur', 'pattern'],
    ['four letters', 'currency', 'EURO', 'pattern'],
    ['null', 'currency', null, 'type'],
    ['nothing', 'counterparty_iban', '', 'too_short'],
    ['43 characters', 'counterparty_iban', 'D'.repeat(43), 'too_long'],
    ['a control character', 'counterparty_iban', 'DE89\u007f', 'pattern'],
    ['ten letters', 'counterparty_bic', 'DEUTDEFFXX', 'pattern'],
    ['a BIC in lower case', 'counterparty_bic', 'deutdeff', 'pattern'],
    ['a null character', 'counterparty_name', 'John\u0000Doe', 'pattern'],
    ['a tab', 'counterparty_name', 'John\tDoe', 'pattern'],
    ['a control character of C1', 'counterparty_name', 'John\u0085Doe', 'pattern'],
    ['a lone surrogate', 'counterparty_name', 'John \ud83d', 'pattern'],
    ['nothing', 'counterparty_name', '', 'too_short'],
    ['spaces of all kinds', 'counterparty_name', ' \u00a0\u3000', 'pattern'],
    ['an object', 'counterparty_name', { first: 'John' }, 'type'],
    ['a line break', 'description', 'a\nb', 'pattern'],
    ['null', 'description', null, 'type'],
    ['100 KB', 'description', 'x'.repeat(100_000), 'too_long'],
    ['36 characters', 'client_transfer_id', 'x'.repeat(36), 'too_long'],
    ['five letters', 'purpose_code', 'SALAR', 'pattern'],
    ['something', 'surprise', true, 'unknown_field'],
  ])('refuses %s in %s of a line', async (_, field, value, code) => {
    expect(verdict(await submit(bulkOf(line({ [field]: value }))))).toEqual(invalid(`${LINE}/${field} ${code}`));
  });

  it.each<[string, string, string, string]>([
    ['nothing', 'amount', '0.00', 'zero_amount'],
    ['a tenth of a cent', 'amount', '0.001', 'too_many_decimals'],
    ['another currency', 'currency', 'USD', 'currency_mismatch'],
    ['no currency', 'currency', 'ABC', 'unknown_currency'],
    ['a wrong checksum', 'counterparty_iban', 'DE89370400440532013001', 'iban_checksum'],
    ['check digits 00', 'counterparty_iban', ibanWithCheckDigits('00'), 'iban_checksum'],
    ['check digits 01', 'counterparty_iban', ibanWithCheckDigits('01'), 'iban_checksum'],
    ['check digits 99', 'counterparty_iban', ibanWithCheckDigits('99'), 'iban_checksum'],
    ['an IBAN too short', 'counterparty_iban', 'DE8937040044053201300', 'iban_length'],
    ['an IBAN of no country', 'counterparty_iban', 'XX89370400440532013000', 'iban_country'],
  ])('has a rule against %s in %s of a line', async (_, field, value, code) => {
    expect(verdict(await submit(bulkOf(line({ [field]: value }))))).toEqual(against(`${LINE}/${field} ${code}`));
  });

  it.each<[string, object, string]>([
    ['no line', { credit_transfers: [] }, '/credit_transfers too_few'],
    ['one line too many', { credit_transfers: lines(MAX_LINES + 1) }, '/credit_transfers too_many'],
    ['null for its lines', { credit_transfers: null }, '/credit_transfers type'],
    ['an object for its lines', { credit_transfers: {} }, '/credit_transfers type'],
    ['a list for a line', { credit_transfers: [[]] }, `${LINE} type`],
    ['null for a line', { credit_transfers: [line(), null] }, '/credit_transfers/1 type'],
    ['an unknown field', { surprise: 1 }, '/surprise unknown_field'],
    ['a request_id that is no UUID', { request_id: '42' }, '/request_id pattern'],
    ['null for its request_id', { request_id: null }, '/request_id type'],
    ['an account id that is none', { debtor_account_id: 'x' }, '/debtor_account_id pattern'],
    ['a bad BIC of its own', { organization_bic: 'OIVUSCLQXX' }, '/organization_bic pattern'],
    ['a BIC and no IBAN', { organization_iban: undefined }, '/organization_iban required'],
    ['an IBAN and no BIC', { organization_bic: undefined }, '/organization_bic required'],
    ['an unknown policy', { on_failure: 'explode' }, '/on_failure enum'],
    ['an unknown validation', { validation: 'some' }, '/validation enum'],
    ['an unknown priority', { priority: 'high' }, '/priority enum'],
    ['an unknown rail', { rail: 'swift' }, '/rail enum'],
    ['51 labels', { metadata: labels(51) }, '/metadata too_many'],
    ['a label of 501 characters', { metadata: { a: 'x'.repeat(501) } }, '/metadata/a too_long'],
    ['a number for a label', { metadata: { a: 1 } }, '/metadata/a type'],
    ['an object for a label', { metadata: { a: { b: 'c' } } }, '/metadata/a type'],
    ['a list for labels', { metadata: ['a'] }, '/metadata type'],
    ['a label of control characters', { metadata: { a: '\u001b[31m' } }, '/metadata/a pattern'],
  ])('refuses a bulk with %s', async (_, change, error) => {
    expect(verdict(await submit(bulk(change)))).toEqual(invalid(error));
  });

  it('points at a label whose name is longer than 40 characters', async () => {
    const name = 'x'.repeat(41);
    const [status, code, error] = verdict(await submit(bulk({ metadata: { [name]: 'a' } })));
    expect([status, code]).toEqual([400, 'invalid_request']);
    expect(error).toMatch(new RegExp(`^/metadata/${name} `));
  });

  it('names every missing field', async () => {
    const needed = ['amount', 'counterparty_iban', 'counterparty_name'].map((field) => `${LINE}/${field} required`);
    const debtor = ['/organization_iban required', '/organization_bic required'];
    expect(verdict(await submit(bulkOf({})))).toEqual(invalid(...needed));
    expect(verdict(await submit({ credit_transfers: [line()] }))).toEqual(invalid(...debtor));
    expect(verdict(await submit({}))).toEqual(invalid('/credit_transfers required'));
    expect(verdict(await submit([bulk()]))).toEqual(invalid(' type'));
  });

  it('takes as many decimals as the currency has', async () => {
    const in_ = (currency: string, amount: string): object => ({
      debtor_account_id: accounts[currency],
      credit_transfers: [line({ amount })],
    });
    expect(verdict(await submit(in_('JPY', '1.5')))).toEqual(against(`${LINE}/amount too_many_decimals`));
    expect(verdict(await submit(in_('JPY', '1.0')))).toEqual(against(`${LINE}/amount too_many_decimals`));
    expect(verdict(await submit(in_('KWD', '0.000')))).toEqual(against(`${LINE}/amount zero_amount`));
  });

  it('does not pay an account from itself', async () => {
    const body = { debtor_account_id: accounts.EUR, credit_transfers: [line({ counterparty_iban: OWN_IBAN })] };
    expect(verdict(await submit(body))).toEqual(against(`${LINE}/counterparty_iban same_account`));
  });

  it('refuses a client_transfer_id used twice, also when it is typed differently', async () => {
    const ids = ['a', 'caf\u00e9', 'b', 'cafe\u0301', 'a'];
    const answer = await submit(bulkOf(...ids.map((id) => line({ client_transfer_id: id }))));
    const repeated = [3, 4].map((index) => `/credit_transfers/${index}/client_transfer_id`);
    expect(verdict(answer)).toEqual(against(...repeated.map((pointer) => `${pointer} duplicate_client_transfer_id`)));
  });

  it('reports a broken form and no broken rule when there are both', async () => {
    const body = bulk({
      callback_url: 'https://acme.test',
      credit_transfers: [line({ amount: '0' }), line({ amount: 'x' })],
    });
    expect(verdict(await submit(body))).toEqual(invalid('/credit_transfers/1/amount pattern'));
    const nobody = { callback_url: 'https://acme.test', credit_transfers: [line()] };
    expect(verdict(await submit(nobody))).toEqual(invalid('/organization_iban required', '/organization_bic required'));
  });

  it.each<[string, object, unknown[]]>([
    ['break a rule', { amount: '0' }, [422, 'validation_failed']],
    ['have no good form', { amount: 'x' }, [400, 'invalid_request']],
  ])('lists the first hundred lines that %s, and says how many there were', async (_, change, expected) => {
    const answer = await submit(bulkOf(...lines(MAX_LINES, (index) => (index < 50 ? {} : change))));
    const listed = Array.from({ length: 100 }, (__, index) => `/credit_transfers/${50 + index}/amount`);
    expect([answer.status, answer.body.code]).toEqual(expected);
    expect((answer.body.errors as { pointer: string }[]).map(({ pointer }) => pointer)).toEqual(listed);
    expect(answer.body.error_count).toBe(250);
  });

  it('repeats no value of the request in an error', async () => {
    const iban = 'DE89370400440532013001';
    for (const body of [bulk({ organization_bic: iban }), bulkOf(line({ counterparty_iban: iban }))]) {
      const answer = await submit(body);
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain(iban);
    }
  });
});
