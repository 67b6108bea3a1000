import type { OpenAPIObject } from '@nestjs/swagger';
import { problemResponse } from './api-problems.js';
import { operationsOf } from './openapi-operations.js';
import { PROBLEM_MEDIA_TYPE } from './problem.js';

/** Every operation refuses in the same ways: each is written once, and referred to. And each of them can fail. */
export function shareProblems(document: OpenAPIObject): void {
  const shared: Record<string, object> = {};
  for (const { operation } of operationsOf(document)) {
    const responses = operation.responses as Record<string, object>;
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
    responses: { ...document.components?.responses, ...shared },
  } as never;
}

const isProblem = (response: object): boolean =>
  'content' in response && PROBLEM_MEDIA_TYPE in (response.content as object);
