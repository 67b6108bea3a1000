import { applyDecorators } from '@nestjs/common';
import { ApiExtraModels, ApiResponse, getSchemaPath } from '@nestjs/swagger';
import { PROBLEM_MEDIA_TYPE } from './problem.js';
import { DOCUMENTED_CODES } from './problem-titles.js';
import { ProblemDto } from './problem.dto.js';

export type ProblemStatus = 400 | 401 | 403 | 404 | 409 | 413 | 415 | 422 | 429 | 500 | 503;

/** Documents the refusals of an operation, with an example for each code a status can carry. */
export function ApiProblems(...statuses: ProblemStatus[]): MethodDecorator & ClassDecorator {
  return applyDecorators(
    ApiExtraModels(ProblemDto),
    ...statuses.map((status) => ApiResponse({ status, ...problemResponse(status) })),
  );
}

export function problemResponse(status: ProblemStatus) {
  const codes = Object.entries(DOCUMENTED_CODES).filter(([, documented]) => documented.status === status);
  return {
    description: codes.map(([code, { title }]) => `${title} (\`${code}\`)`).join('; '),
    content: {
      [PROBLEM_MEDIA_TYPE]: {
        schema: { $ref: getSchemaPath(ProblemDto) },
        examples: Object.fromEntries(
          codes.map(([code, { title, meaning }]) => [
            code,
            { summary: title, value: exampleOf(code, status, title, meaning) },
          ]),
        ),
      },
    },
  };
}

const FIELD_EXAMPLE: Readonly<Record<string, { pointer: string; code: string; detail: string }>> = {
  invalid_request: {
    pointer: '/credit_transfers/17/amount',
    code: 'pattern',
    detail: 'does not have the form it must',
  },
  validation_failed: {
    pointer: '/credit_transfers/17/counterparty_iban',
    code: 'iban_checksum',
    detail: 'The check digits do not match.',
  },
};

function exampleOf(code: string, status: number, title: string, meaning: string): object {
  const field = FIELD_EXAMPLE[code];
  return {
    type: `/docs/errors#${code}`,
    title,
    status,
    detail: meaning,
    instance: '/api/v1/bulk-requests',
    code,
    request_id: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e',
    ...(field && { errors: [field], error_count: 1 }),
  };
}
