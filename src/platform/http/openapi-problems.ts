import type { OpenAPIObject } from '@nestjs/swagger';
import { problemResponse } from './api-problems.js';
import { operationsOf } from './openapi-operations.js';
import { PROBLEM_MEDIA_TYPE } from './problem.js';
import { isPublicPath } from './public-paths.js';

/** Of every call that is counted: see rate-limiter.ts. */
const RATE_HEADERS = {
  RateLimit: {
    description: 'What is left of each limit, and for how many seconds (draft-ietf-httpapi-ratelimit-headers).',
    schema: { type: 'string' },
    example: '"key";r=5999;t=60, "organization";r=29999;t=60',
  },
  'RateLimit-Policy': {
    description: 'How many requests of this key and of its organization there may be in how many seconds.',
    schema: { type: 'string' },
    example: '"key";q=60000;w=60, "organization";q=300000;w=60',
  },
};
const RETRY_AFTER = { description: 'Seconds to wait.', schema: { type: 'integer' }, example: 17 };
const rateHeaderReferences = Object.fromEntries(
  Object.keys(RATE_HEADERS).map((name) => [name, { $ref: `#/components/headers/${name}` }]),
);

type Responses = Record<string, object>;

/** Every operation refuses in the same ways: each is written once, and referred to. And each of them can fail. */
export function shareProblems(document: OpenAPIObject): void {
  const shared: Record<string, object> = {};
  for (const { path, operation } of operationsOf(document)) {
    const responses = operation.responses as Responses;
    if (!isPublicPath(path)) describeRateLimits(responses);
    if (Object.values(responses).some(isProblem)) responses['500'] ??= problemResponse(500);
    for (const [status, response] of Object.entries(responses)) {
      if (!isProblem(response)) continue;
      const name = `Problem${status}`;
      shared[name] ??= response;
      if (JSON.stringify(shared[name]) === JSON.stringify(response)) {
        responses[status] = { $ref: `#/components/responses/${name}` };
      }
    }
  }
  document.components = {
    ...document.components,
    headers: { ...document.components?.headers, ...RATE_HEADERS },
    responses: { ...document.components?.responses, ...shared },
  } as never;
}

/** Whoever needs a key may have sent too much, and is told where it stands. */
function describeRateLimits(responses: Responses): void {
  responses['429'] = {
    ...problemResponse(429),
    headers: { ...rateHeaderReferences, 'Retry-After': RETRY_AFTER },
  };
  for (const [status, response] of Object.entries(responses)) {
    if (!status.startsWith('2')) continue;
    const { headers } = response as { headers?: object };
    responses[status] = { ...response, headers: { ...headers, ...rateHeaderReferences } };
  }
}

const isProblem = (response: object): boolean =>
  'content' in response && PROBLEM_MEDIA_TYPE in (response.content as object);
