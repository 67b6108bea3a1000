import { bulk, line, lines } from '../factories/submissions.js';
import { type Acme, startAcme } from '../support/acme.js';
import type { ApiAnswer } from '../support/test-api.js';
import { invalid, verdict } from '../support/verdict.js';

const BODY_LIMIT_BYTES = 200_000;
const JSON_TYPE = 'application/json';
const GOOD = JSON.stringify(bulk());
const nested = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
/** In the middle of a name. */
const withBytes = (...bytes: number[]): Buffer => {
  const [start = '', end = ''] = GOOD.split('ohn');
  return Buffer.concat([Buffer.from(start), Buffer.from(bytes), Buffer.from(end)]);
};
const insert = (text: string): string => GOOD.replace('{', `{${text},`);

describe('the body of a bulk request', () => {
  let acme: Acme;
  let before: Record<string, number>;

  beforeAll(async () => {
    acme = await startAcme({ BODY_LIMIT_BYTES: String(BODY_LIMIT_BYTES) }, { working: false });
    before = await acme.rowCounts();
  });
  afterAll(() => acme.close());
  afterEach(async () => {
    expect(await acme.rowCounts()).toEqual(before); // nothing was stored
  });

  async function send(payload: string | Buffer | undefined, headers: Record<string, string> = {}): Promise<ApiAnswer> {
    const response = await acme.api.app.inject({
      method: 'POST',
      url: '/api/v1/bulk-requests',
      headers: { authorization: `Bearer ${acme.key}`, 'content-type': JSON_TYPE, ...headers },
      ...(payload !== undefined && { payload }),
    });
    const { statusCode: status, payload: text } = response;
    return { status, headers: response.headers, text, body: JSON.parse(text) as Record<string, unknown> };
  }

  it.each<[string, string | Buffer]>([
    ['cut off', GOOD.slice(0, -1)],
    ['followed by something', `${GOOD} {}`],
    ['with a comma too many', GOOD.replace(/}$/, ',}')],
    ['in single quotes', GOOD.replaceAll('"', "'")],
    ['with NaN', insert('"x": NaN')],
    ['with a comment', `/* bulk */ ${GOOD}`],
    ['with a raw line break in a string', GOOD.replace('John', 'John\n')],
    ['with a key twice', insert('"credit_transfers": []')],
    ['with a key twice, once escaped', insert('"credit_transfer\\u0073": []')],
    ['with a key twice in a line', GOOD.replace('"amount"', '"amount":"9.00","amount"')],
    ['with __proto__', insert('"__proto__": {"validation": "partial"}')],
    ['with __proto__ in its labels', insert('"metadata": {"__proto__": "x"}')],
    ['with constructor', insert('"constructor": {"prototype": {}}')],
    ['21 levels deep', insert(`"x": ${nested(20)}`)],
    ['100,000 levels deep', nested(100_000)],
    ['in Latin-1', Buffer.from(GOOD.replace('John', 'Jürgen'), 'latin1')],
    ['in UTF-16', Buffer.from(GOOD, 'utf16le')],
    ['with an overlong character', withBytes(0xc0, 0xaf)],
    ['with a surrogate in UTF-8', withBytes(0xed, 0xa0, 0x80)],
    ['with a byte order mark', `\ufeff${GOOD}`],
  ])('is refused when it is JSON %s', async (_, payload) => {
    expect(verdict(await send(payload))).toEqual([400, 'invalid_json']);
  });

  it('may be 20 levels deep, which the schema then refuses', async () => {
    expect(verdict(await send(insert(`"x": ${nested(19)}`)))).toEqual(invalid('/x unknown_field'));
  });

  it('is needed', async () => {
    expect(verdict(await send(undefined))).toEqual(invalid(' required'));
    expect(verdict(await send('null'))).toEqual(invalid(' type'));
    expect(verdict(await send('"text"'))).toEqual(invalid(' type'));
  });

  it.each([
    ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', 'application/xml'],
    ...['application/json; charset=utf-16', 'application/problem+json', 'application/jsonp', ''],
  ])('is refused as %j', async (type) => {
    expect(verdict(await send(GOOD, { 'content-type': type }))).toEqual([415, 'unsupported_media_type']);
  });

  it('is refused compressed', async () => {
    expect(verdict(await send(GOOD, { 'content-encoding': 'gzip' }))).toEqual([415, 'unsupported_media_type']);
  });

  it('is refused over the limit, whoever sends it in whatever form', async () => {
    const large = JSON.stringify(bulk({ credit_transfers: lines(3_000) }));
    expect(large.length).toBeGreaterThan(BODY_LIMIT_BYTES);
    expect(verdict(await send(large))).toEqual([413, 'body_too_large']);
    expect(verdict(await send('x'.repeat(BODY_LIMIT_BYTES + 1)))).toEqual([413, 'body_too_large']);
  });

  it('is not read at all without a key', async () => {
    const large = JSON.stringify(bulk({ credit_transfers: [line({ description: 'x'.repeat(BODY_LIMIT_BYTES) })] }));
    expect(verdict(await send(large, { authorization: 'Bearer trk_unknown' }))).toEqual([401, 'unauthenticated']);
  });
});
