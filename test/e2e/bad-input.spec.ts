import { readFileSync, writeFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type Acme, startAcme } from '../support/acme.js';
import { type BadInput, type BadRequest, documentOf } from '../support/bad-input/bad-input.js';
import { fieldGroups } from '../support/bad-input/fields.js';
import { formGroups } from '../support/bad-input/form.js';
import { openRaw } from '../support/raw-http.js';

const GROUPS = [...formGroups, ...fieldGroups];
const PAGE = path.resolve(__dirname, '../../docs/bad-input.md');

interface Answer {
  status: number;
  type: string;
  body: Record<string, unknown>;
}

let acme: Acme;
let before: Record<string, number>;

beforeAll(async () => {
  acme = await startAcme({ MAX_TRANSFERS_PER_BULK: '300', BODY_LIMIT_BYTES: '400000' }, { working: false });
  await acme.api.app.listen(0, '127.0.0.1');
  before = await acme.rowCounts();
});
afterAll(() => acme.close());

const filledIn = (text: string): string => text.replaceAll('{account}', acme.accountId);

function bytesOf(body: BadRequest['body']): Buffer | string | undefined {
  if (body === undefined || Buffer.isBuffer(body)) return body;
  return filledIn(typeof body === 'string' ? body : JSON.stringify(body));
}

async function send({ method, path: target, as, headers, body, raw }: BadRequest): Promise<Answer> {
  if (raw !== undefined) return sendRaw(raw);
  const { port } = acme.api.app.getHttpServer().address() as AddressInfo;
  const bytes = bytesOf(body);
  const key = { key: acme.key, admin: acme.api.adminKey, nobody: undefined }[as];
  const sent: Record<string, string> = {
    ...(key !== undefined && { authorization: `Bearer ${key}` }),
    ...(bytes !== undefined && { 'content-type': 'application/json', 'content-length': `${Buffer.byteLength(bytes)}` }),
    ...headers,
  };
  if (sent['content-type'] === '') delete sent['content-type'];
  const url = filledIn(target.startsWith('//') ? target.slice(1) : `/api/v1${target}`);
  return new Promise((resolve, reject) => {
    const request = httpRequest({ host: '127.0.0.1', port, method, path: url, headers: sent }, (response) => {
      let text = '';
      response.on('data', (chunk: Buffer) => (text += chunk.toString()));
      response.on('error', reject);
      response.on('end', () => resolve(answerOf(response.statusCode ?? 0, response.headers['content-type'], text)));
    });
    request.on('error', reject);
    request.end(bytes);
  });
}

async function sendRaw(raw: string): Promise<Answer> {
  const connection = await openRaw(acme.api.app);
  connection.send(raw);
  const [head = '', text = ''] = (await connection.ended).split('\r\n\r\n');
  return answerOf(Number(head.split(' ')[1]), /^content-type: (.*)$/im.exec(head)?.[1], text);
}

const answerOf = (status: number, type = '', text: string): Answer => ({
  status,
  type,
  body: JSON.parse(text) as Record<string, unknown>,
});

describe.each(GROUPS)('$title', ({ cases }) => {
  it.each(cases.map((input) => [input.what, input] as const))('%s', async (_, input: BadInput) => {
    const { status, type, body } = await send(input.request);
    const errors = (body.errors ?? []) as { pointer: string; code: string }[];
    expect({ status, code: body.code, errors: errors.map(({ pointer, code }) => `${pointer} ${code}`) }).toEqual({
      status: input.status,
      code: input.code,
      errors: input.errors,
    });
    expect(type).toMatch(/^application\/problem\+json\b/);
    expect(body).toMatchObject({ status, request_id: expect.any(String), detail: expect.any(String) });
  });

  afterAll(async () => {
    expect(await acme.rowCounts()).toEqual(before); // nothing was stored
  });
});

describe('docs/bad-input.md', () => {
  it('is what is tested here', () => {
    const page = documentOf(GROUPS);
    if (process.env.UPDATE_DOCS === '1') writeFileSync(PAGE, page);
    expect(readFileSync(PAGE, 'utf8')).toBe(page);
  });

  it('has the sixty that were asked for, and more', () => {
    expect(GROUPS.flatMap(({ cases }) => cases).length).toBeGreaterThan(120);
  });
});
