import { bulk } from '../../factories/submissions.js';
import { badInput, type BadInput, type Group, notJson, notOfSchema, refused } from './bad-input.js';

const GOOD = JSON.stringify(bulk());
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
const insert = (text: string): string => GOOD.replace('{', `{${text},`);
/** In the middle of a name. */
const withBytes = (...bytes: number[]): Buffer => {
  const [start = '', end = ''] = GOOD.split('ohn');
  return Buffer.concat([Buffer.from(start), Buffer.from(bytes), Buffer.from(end)]);
};

const json = (what: string, body: string | Buffer): BadInput => badInput(what, { body }, notJson());

const jsonForm: Group = {
  title: 'The form of JSON',
  cases: [
    json('cut off', GOOD.slice(0, -1)),
    json('garbage behind it', `${GOOD} x`),
    json('a second document behind it', `${GOOD}{}`),
    json('a NUL behind it', `${GOOD}\u0000`),
    json('a comma too many', GOOD.replace(/}$/, ',}')),
    json('single quotes', GOOD.replaceAll('"', "'")),
    json('`NaN`', insert('"x": NaN')),
    json('`Infinity`', insert('"x": -Infinity')),
    json('a hexadecimal number', insert('"x": 0x10')),
    json('a number with a leading zero', insert('"x": 01')),
    json('a comment', `/* bulk */ ${GOOD}`),
    json('a line break in a string', GOOD.replace('John', 'John\n')),
    json('a NUL in a string', GOOD.replace('John', 'John\u0000')),
    json('a broken escape', GOOD.replace('John', '\\u12')),
    json('a byte order mark', `\ufeff${GOOD}`),
    json('a byte that is no UTF-8', withBytes(0xff)),
    json('an overlong character', withBytes(0xc0, 0xaf)),
    json('a surrogate in UTF-8', withBytes(0xed, 0xa0, 0x80)),
    json('UTF-16', Buffer.from(GOOD, 'utf16le')),
    json('Latin-1', Buffer.from(GOOD.replace('John', 'Jürgen'), 'latin1')),
    json('a key twice', insert('"credit_transfers": []')),
    json('a key twice, once escaped', insert('"credit_transfer\\u0073": []')),
    json('a key twice in a line', GOOD.replace('"amount"', '"amount":"9.00","amount"')),
    json('`__proto__`', insert('"__proto__": {"validation": "partial"}')),
    json('`__proto__`, escaped', insert('"\\u005f_proto__": {}')),
    json('`constructor.prototype`', insert('"constructor": {"prototype": {}}')),
    json('`prototype` among labels', insert('"metadata": {"prototype": "x"}')),
    json('21 levels', insert(`"x": ${nested(20)}`)),
    json('100,000 levels', nested(100_000)),
    json('1,001 keys in an object', `{${Array.from({ length: 1_001 }, (_, i) => `"k${i}":1`).join()}}`),
    json('a string of more than 128 KiB', insert(`"x": "${'x'.repeat(131_072)}"`)),
    json('a key of more than 128 KiB', insert(`"${'x'.repeat(131_072)}": 1`)),
  ],
};

const type = (what: string, contentType: string): BadInput =>
  badInput(what, { headers: { 'content-type': contentType }, body: GOOD }, refused(415, 'unsupported_media_type'));

const mediaTypes: Group = {
  title: 'Media types and sizes',
  cases: [
    type('no content type', ''),
    type('text', 'text/plain'),
    type('a form', 'application/x-www-form-urlencoded'),
    type('a multipart form', 'multipart/form-data; boundary=x'),
    type('XML', 'application/xml'),
    type('a relative of JSON', 'application/problem+json'),
    type('almost JSON', 'application/jsonp'),
    type('UTF-16', 'application/json; charset=utf-16'),
    type('Latin-1', 'application/json; charset=iso-8859-1'),
    badInput(
      'compressed',
      { headers: { 'content-encoding': 'gzip' }, body: GOOD },
      refused(415, 'unsupported_media_type'),
    ),
    badInput('more than the limit', { body: 'x'.repeat(400_001) }, refused(413, 'body_too_large')),
    badInput('nothing', {}, notOfSchema(' required')),
    badInput(
      'nothing that says it is JSON',
      { headers: { 'content-type': 'application/json' } },
      notOfSchema(' required'),
    ),
  ],
};

const header = (what: string, headers: Record<string, string>, code: string): BadInput =>
  badInput(what, { headers, body: bulk() }, refused(400, code));
const get = (what: string, path: string, status: number, code: string, ...errors: string[]): BadInput =>
  badInput(what, { method: 'GET', path }, refused(status, code, ...errors));

const headers: Group = {
  title: 'Headers',
  cases: [
    header('an idempotency key with a space', { 'idempotency-key': 'a b' }, 'invalid_idempotency_key'),
    header('an empty idempotency key', { 'idempotency-key': '' }, 'invalid_idempotency_key'),
    header('a quoted, empty idempotency key', { 'idempotency-key': '""' }, 'invalid_idempotency_key'),
    header('an idempotency key of 256 characters', { 'idempotency-key': 'x'.repeat(256) }, 'invalid_idempotency_key'),
    header('an idempotency key that is not ASCII', { 'idempotency-key': 'sch\u00f6n' }, 'invalid_idempotency_key'),
    header('an organization that is no UUID', { 'x-organization-id': 'acme' }, 'invalid_id'),
    badInput(
      'somebody else’s organization',
      { headers: { 'x-organization-id': '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d' }, body: bulk() },
      refused(404, 'not_found'),
    ),
    badInput(
      'the platform without an organization',
      { as: 'admin', body: bulk() },
      notOfSchema('/headers/x-organization-id required'),
    ),
    badInput('no key', { as: 'nobody', body: bulk() }, refused(401, 'unauthenticated')),
    badInput('no key, and a body that is none', { as: 'nobody', body: '{' }, refused(401, 'unauthenticated')),
    badInput(
      'two different keys',
      { headers: { 'x-api-key': 'trk_another' }, body: bulk() },
      refused(401, 'unauthenticated'),
    ),
    get('a key in the query', '/accounts?api_key=trk_x', 401, 'unauthenticated'),
    badInput(
      'more than 100 headers',
      {
        method: 'GET',
        path: '/accounts',
        headers: Object.fromEntries(Array.from({ length: 101 }, (_, i) => [`x-${i}`, '1'])),
      },
      notOfSchema(),
    ),
  ],
};

const wire = (what: string, raw: string, status: number): BadInput =>
  badInput(what, { raw }, refused(status, 'invalid_request'));
const HOST = 'Host: x\r\n';
const SMUGGLED = 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n';

const paths: Group = {
  title: 'Paths, methods and HTTP itself',
  cases: [
    get('a path that cannot be decoded', '//%zz', 400, 'invalid_request'),
    get('half an escape', '/accounts/%', 400, 'invalid_request'),
    get('a path that leads nowhere', '/nowhere', 404, 'not_found'),
    get('a path with a slash too many', '/accounts/', 404, 'not_found'),
    get('a path that climbs', '/bulk-requests/../accounts', 404, 'not_found'),
    badInput('a method the path does not have', { method: 'PUT', path: '/accounts' }, refused(404, 'not_found')),
    badInput('DELETE of a list', { method: 'DELETE', path: '/transfers' }, refused(404, 'not_found')),
    badInput('a preflight while CORS is off', { method: 'OPTIONS', path: '/accounts' }, refused(404, 'not_found')),
    badInput('TRACE', { method: 'TRACE', path: '/accounts' }, refused(404, 'not_found')),
    wire('no HTTP', 'NONSENSE\r\n\r\n', 400),
    wire('no host', 'GET /api/v1/accounts HTTP/1.1\r\nConnection: close\r\n\r\n', 400),
    wire(
      'two lengths',
      `POST /api/v1/bulk-requests HTTP/1.1\r\n${HOST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`,
      400,
    ),
    wire('a length and chunks', `POST /api/v1/bulk-requests HTTP/1.1\r\n${HOST}${SMUGGLED}`, 400),
    wire('a negative length', `POST /api/v1/bulk-requests HTTP/1.1\r\n${HOST}Content-Length: -1\r\n\r\n`, 400),
    wire('a line break in a header', `GET / HTTP/1.1\r\n${HOST}X-A: a\nb\r\n\r\n`, 400),
    wire('a space before a colon', `GET / HTTP/1.1\r\n${HOST}X-A : a\r\n\r\n`, 400),
    wire('more than 16 KiB of headers', `GET / HTTP/1.1\r\n${HOST}X-A: ${'x'.repeat(20_000)}\r\n\r\n`, 431),
  ],
};

export const formGroups: readonly Group[] = [jsonForm, mediaTypes, headers, paths];
