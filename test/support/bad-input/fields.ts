import { bulk, bulkOf, line, lines } from '../../factories/submissions.js';
import { againstRule, badInput, type BadInput, type Group, notOfSchema, refused } from './bad-input.js';

const LINE = '/credit_transfers/0';
const inLine = (what: string, field: string, value: unknown, code: string): BadInput =>
  badInput(what, { body: bulkOf(line({ [field]: value })) }, notOfSchema(`${LINE}/${field} ${code}`));
const inBulk = (what: string, change: object, ...errors: string[]): BadInput =>
  badInput(what, { body: bulk(change) }, notOfSchema(...errors));
const amount = (value: string): BadInput => inLine(`the amount \`${value}\``, 'amount', value, 'pattern');

const amounts: Group = {
  title: 'Amounts',
  cases: [
    ...['1e3', ' 1', '-1', '+1', '01', '1,00', '1.', '.5', '0x1F', 'NaN', '1_000', '1.0000', '1234567890123'].map(
      amount,
    ),
    inLine('Arabic digits', 'amount', '١٢', 'pattern'),
    inLine('a full-width digit', 'amount', '１', 'pattern'),
    inLine('a line break behind it', 'amount', '1\n', 'pattern'),
    inLine('an empty amount', 'amount', '', 'pattern'),
    inLine('a number in a line', 'amount', 1, 'type'),
    inLine('null', 'amount', null, 'type'),
    inLine('a list', 'amount', ['1.00'], 'type'),
    badInput(
      'a number beyond all numbers',
      {
        path: '/bank-transactions',
        body: '{"dst_account_id":"{account}","direction":"credit","reason":"","amount":1e400}',
      },
      notOfSchema('/amount type'),
    ),
    badInput(
      'a number with an exponent that is too large',
      {
        path: '/bank-transactions',
        body: '{"dst_account_id":"{account}","direction":"credit","reason":"","amount":1e21}',
      },
      notOfSchema('/amount pattern'),
    ),
    badInput(
      'a negative number',
      {
        path: '/bank-transactions',
        body: '{"dst_account_id":"{account}","direction":"credit","reason":"","amount":-1}',
      },
      notOfSchema('/amount pattern'),
    ),
  ],
};

const types: Group = {
  title: 'Types, sizes and patterns',
  cases: [
    badInput('null', { body: 'null' }, notOfSchema(' type')),
    badInput('a text', { body: '"text"' }, notOfSchema(' type')),
    badInput('a list', { body: [bulk()] }, notOfSchema(' type')),
    badInput('an empty object', { body: {} }, notOfSchema('/credit_transfers required')),
    inBulk('no line', { credit_transfers: [] }, '/credit_transfers too_few'),
    inBulk('more lines than allowed', { credit_transfers: lines(301) }, '/credit_transfers too_many'),
    inBulk('an object for its lines', { credit_transfers: {} }, '/credit_transfers type'),
    inBulk('null for a line', { credit_transfers: [line(), null] }, '/credit_transfers/1 type'),
    badInput(
      'an empty line',
      { body: bulkOf({}) },
      notOfSchema(
        `${LINE}/amount required`,
        `${LINE}/counterparty_iban required`,
        `${LINE}/counterparty_name required`,
      ),
    ),
    inBulk('an unknown field', { surprise: 1 }, '/surprise unknown_field'),
    inBulk('a method of every object', { toString: 'x' }, '/toString unknown_field'),
    badInput(
      'an unknown field that has to be escaped',
      { body: bulkOf(line({ 'a/b~c': 1 })) },
      notOfSchema(`${LINE}/a~1b~0c unknown_field`),
    ),
    inBulk('a BIC without an IBAN', { organization_iban: undefined }, '/organization_iban required'),
    inBulk('an unknown policy', { on_failure: 'explode' }, '/on_failure enum'),
    inBulk('an unknown priority', { priority: 'URGENT' }, '/priority enum'),
    inBulk('an unknown rail', { rail: 'swift' }, '/rail enum'),
    inBulk('a request id that is no UUID', { request_id: '42' }, '/request_id pattern'),
    inBulk(
      'a request id as URN',
      { request_id: 'urn:uuid:0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d' },
      '/request_id pattern',
    ),
    inBulk('a label of 501 characters', { metadata: { a: 'x'.repeat(501) } }, '/metadata/a too_long'),
    inBulk('a number for a label', { metadata: { a: 1 } }, '/metadata/a type'),
    inBulk('a label of control characters', { metadata: { a: '\u001b[31m' } }, '/metadata/a pattern'),
    inBulk('a label with a lone surrogate', { metadata: { a: '\ud83d' } }, '/metadata/a pattern'),
    inLine('a currency in lower case', 'currency', 'eur', 'pattern'),
    inLine('an IBAN of 43 characters', 'counterparty_iban', 'D'.repeat(43), 'too_long'),
    inLine('an empty IBAN', 'counterparty_iban', '', 'too_short'),
    inLine('a BIC of ten letters', 'counterparty_bic', 'DEUTDEFFXX', 'pattern'),
    inLine('a name with a NUL', 'counterparty_name', 'John\u0000Doe', 'pattern'),
    inLine('a name with a tab', 'counterparty_name', 'John\tDoe', 'pattern'),
    inLine('a name with a lone surrogate', 'counterparty_name', 'John \ud83d', 'pattern'),
    inLine('a name of spaces', 'counterparty_name', ' \u00a0\u3000', 'pattern'),
    inLine('a name of 141 characters', 'counterparty_name', 'x'.repeat(141), 'too_long'),
    inLine('a name that is an object', 'counterparty_name', { first: 'John' }, 'type'),
    inLine('a description of 100 KB', 'description', 'x'.repeat(100_000), 'too_long'),
    inLine('an id of 36 characters', 'client_transfer_id', 'x'.repeat(36), 'too_long'),
    inLine('a purpose of five letters', 'purpose_code', 'SALAR', 'pattern'),
  ],
};

const account = (change: object): object => ({ name: 'Payroll', currency: 'EUR', ...change });
const opening = (what: string, change: object, ...errors: string[]): BadInput =>
  badInput(what, { path: '/accounts', body: account(change) }, notOfSchema(...errors));
const founding = (what: string, change: object, ...errors: string[]): BadInput =>
  badInput(
    what,
    { path: '/organizations', as: 'admin', body: { name: 'Umbrella', slug: 'umbrella', ...change } },
    notOfSchema(...errors),
  );

const others: Group = {
  title: 'Other bodies',
  cases: [
    opening('an account without a name', { name: undefined }, '/name required'),
    opening('an account with a NUL in its name', { name: 'a\u0000' }, '/name pattern'),
    opening('an account in a currency of four letters', { currency: 'EURO' }, '/currency pattern'),
    opening('an account with an IBAN of 14 characters', { iban: 'DE893704004405' }, '/iban pattern'),
    opening('an account with a status of its own', { status: 'active' }, '/status unknown_field'),
    badInput(
      'an account status there is not',
      { method: 'PATCH', path: '/accounts/{account}', body: { status: 'gone' } },
      notOfSchema('/status enum'),
    ),
    founding('an organization with a slug in capitals', { slug: 'Umbrella' }, '/slug pattern'),
    founding('an organization with a slug of 64 characters', { slug: 'x'.repeat(64) }, '/slug too_long'),
    founding('an organization with a line break in its name', { name: 'a\nb' }, '/name pattern'),
    badInput(
      'a bank transaction in no direction',
      {
        path: '/bank-transactions',
        body: { dst_account_id: '{account}', amount: '1.00', direction: 'up', reason: '' },
      },
      notOfSchema('/direction enum'),
    ),
    badInput(
      'a bank transaction with a NUL in its reason',
      {
        path: '/bank-transactions',
        body: { dst_account_id: '{account}', amount: '1.00', direction: 'credit', reason: '\u0000' },
      },
      notOfSchema('/reason pattern'),
    ),
  ],
};

const rule = (what: string, field: string, value: unknown, code: string): BadInput =>
  badInput(what, { body: bulkOf(line({ [field]: value })) }, againstRule(`${LINE}/${field} ${code}`));

const rules: Group = {
  title: 'Rules',
  cases: [
    rule('nothing to pay', 'amount', '0.00', 'zero_amount'),
    rule('a tenth of a cent', 'amount', '0.001', 'too_many_decimals'),
    rule('another currency', 'currency', 'USD', 'currency_mismatch'),
    rule('a currency there is not', 'currency', 'ABC', 'unknown_currency'),
    rule('a wrong checksum', 'counterparty_iban', 'DE89370400440532013001', 'iban_checksum'),
    rule('an IBAN too short for its country', 'counterparty_iban', 'DE8937040044053201300', 'iban_length'),
    rule('an IBAN of no country', 'counterparty_iban', 'XX89370400440532013000', 'iban_country'),
    badInput(
      'an id used twice',
      { body: bulkOf(line({ client_transfer_id: 'a' }), line({ client_transfer_id: 'a' })) },
      againstRule('/credit_transfers/1/client_transfer_id duplicate_client_transfer_id'),
    ),
    badInput(
      'more money than there is',
      { body: bulkOf(line({ amount: '999999999999.99' })) },
      refused(422, 'insufficient_funds'),
    ),
    badInput(
      'a debtor of nobody',
      { body: bulk({ organization_iban: 'FR7630006000011234567890189' }) },
      refused(422, 'debtor_not_found'),
    ),
    badInput('another name', { body: bulk({ organization_name: 'Umbrella' }) }, refused(422, 'organization_mismatch')),
  ],
};

const get = (what: string, path: string, status: number, code: string, ...errors: string[]): BadInput =>
  badInput(what, { method: 'GET', path }, refused(status, code, ...errors));
const query = (what: string, text: string, ...errors: string[]): BadInput =>
  get(what, `/bulk-requests?${text}`, 400, 'invalid_request', ...errors);

const queries: Group = {
  title: 'Ids, cursors and query parameters',
  cases: [
    get('an id that is a number', '/accounts/1', 400, 'invalid_id'),
    get('an id with a quote', "/accounts/1'--", 400, 'invalid_id'),
    get('an id of 3,000 characters', `/transfers/${'x'.repeat(3_000)}`, 400, 'invalid_id'),
    get('an id of nothing', '/accounts/0198f2c1-7f3a-7c31-8b0e-000000000000', 404, 'not_found'),
    get('a cursor that is none', '/bulk-requests?cursor=abc', 400, 'invalid_cursor'),
    get('a cursor of something else', '/bulk-requests?cursor=eyJhIjoxfQ', 400, 'invalid_cursor'),
    query('an empty cursor', 'cursor=', '/query/cursor too_short'),
    query('a cursor of 1,025 characters', `cursor=${'a'.repeat(1_025)}`, '/query/cursor too_long'),
    query('a limit of nothing', 'limit=0', '/query/limit range'),
    query('a limit that is too high', 'limit=101', '/query/limit range'),
    query('a limit in words', 'limit=ten', '/query/limit type'),
    query('a limit with an exponent', 'limit=1e1', '/query/limit type'),
    query('two limits', 'limit=1&limit=2', '/query/limit type'),
    query('an unknown parameter', 'limti=5', '/query/limti unknown_field'),
    query('`__proto__` as a parameter', '__proto__=5', '/query/__proto__ unknown_field'),
    query('a status there is not', 'status=paid', '/query/status enum'),
    query('an instant that is none', 'created_from=yesterday', '/query/created_from pattern'),
    query('51 parameters', Array.from({ length: 51 }, (_, i) => `p${i}=1`).join('&'), '/query too_many'),
  ],
};

export const fieldGroups: readonly Group[] = [amounts, types, others, rules, queries];
