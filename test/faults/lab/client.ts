import { TEST_ADMIN_KEY, type TestProcess } from '../../support/processes.js';

export interface Answer<Body = Record<string, unknown>> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

export interface CallOptions {
  body?: unknown;
  /** The Idempotency-Key. */
  key?: string;
  organizationId?: string;
}

/** One request as the platform's operator. Rejects when the API is gone or hangs up. */
export async function callApi<Body = Record<string, unknown>>(
  api: TestProcess,
  method: string,
  path: string,
  { body, key, organizationId = '' }: CallOptions = {},
): Promise<Answer<Body>> {
  const response = await fetch(`${api.url}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${TEST_ADMIN_KEY}`,
      ...(organizationId === '' ? {} : { 'x-organization-id': organizationId }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(key === undefined ? {} : { 'idempotency-key': key }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, body: JSON.parse(text === '' ? '{}' : text) };
}

/** @throws when the answer is not a success */
export async function mustCall<Body>(
  api: TestProcess,
  method: string,
  path: string,
  options: CallOptions = {},
): Promise<Answer<Body>> {
  const answer = await callApi<Body>(api, method, path, options);
  if (answer.status >= 300) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
  return answer;
}
