import type { ApiAnswer } from './test-api.js';

/** A refusal in short: status, code, then pointer and code of each field error. Holds the answer against RFC 9457 by the way. */
export function verdict({ status, headers, body }: ApiAnswer): unknown[] {
  expect(headers['content-type']).toMatch(/^application\/problem\+json\b/);
  expect(body).toMatchObject({
    type: expect.stringContaining(`#${String(body.code)}`),
    title: expect.any(String),
    status,
    detail: expect.any(String),
    instance: expect.stringMatching(/^\/api\/v1\//),
    request_id: headers['x-request-id'],
  });
  const errors = (body.errors ?? []) as { pointer: string; code: string; detail: string }[];
  return [status, body.code, ...errors.map(({ pointer, code }) => `${pointer} ${code}`)];
}

export const invalid = (...errors: string[]): unknown[] => [400, 'invalid_request', ...errors];
export const against = (...errors: string[]): unknown[] => [422, 'validation_failed', ...errors];
