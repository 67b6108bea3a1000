import { DomainError, type ErrorKind, fieldErrors, invariantViolated } from '../../domain/errors.js';
import { DOCUMENTED_CODES } from './problem-titles.js';
import { problemOf, STATUS_OF_KIND } from './problem.js';

const context = { instance: '/api/v1/accounts', requestId: 'req-1' };

describe('a problem document', () => {
  it.each(Object.entries(STATUS_OF_KIND).filter(([kind]) => kind !== 'invariant') as [ErrorKind, number][])(
    'of kind %s has status %d',
    (kind, status) => {
      expect(problemOf(new DomainError(kind, 'some_code', 'Because.'), context)).toEqual({
        type: '/docs/errors#some_code',
        title: expect.stringMatching(/\w/),
        status,
        detail: 'Because.',
        instance: '/api/v1/accounts',
        code: 'some_code',
        request_id: 'req-1',
      });
    },
  );

  it('lists the fields, and how many there were in all', () => {
    const errors = Array.from({ length: 150 }, (_, i) => ({ pointer: `/lines/${i}`, code: 'type', detail: 'x' }));
    const problem = problemOf(fieldErrors('invalid', errors), context);
    expect(problem.errors).toHaveLength(100);
    expect(problem).toMatchObject({ code: 'invalid_request', error_count: 150 });
  });

  it('has further members, which never replace its own', () => {
    const members = { existing_id: 'id-1', status: 200, code: 'fine', request_id: 'mine' };
    const problem = problemOf(new DomainError('conflict', 'duplicate_bulk_request', 'Again.', { members }), context);
    expect(problem).toMatchObject({
      existing_id: 'id-1',
      status: 409,
      code: 'duplicate_bulk_request',
      request_id: 'req-1',
    });
  });

  it.each([new Error('at /srv/app/secret.ts'), invariantViolated('posted is off by 5'), 'text', undefined])(
    'of what nobody expected says nothing but the request id: %s',
    (error) => {
      const problem = problemOf(error, context);
      expect(problem).toMatchObject({ status: 500, code: 'internal_error', request_id: 'req-1' });
      expect(JSON.stringify(problem)).not.toMatch(/secret|posted|text/);
    },
  );

  it('has a page entry for every code the contract names', () => {
    const contract =
      `invalid_json invalid_request invalid_idempotency_key invalid_cursor invalid_id unauthenticated forbidden
      not_found idempotency_in_progress duplicate_bulk_request invalid_state in_flight body_too_large unsupported_media_type
      validation_failed insufficient_funds account_not_active debtor_not_found organization_mismatch idempotency_key_reused
      not_supported_yet limit_exceeded rate_limited unavailable`.split(/\s+/);
    expect(Object.keys(DOCUMENTED_CODES)).toEqual(expect.arrayContaining(contract));
  });
});
