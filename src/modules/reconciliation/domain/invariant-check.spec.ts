import { breakOfViolation, INVARIANT_CHECKS, reportOf } from './invariant-check.js';

describe('the result of the checks', () => {
  it('names every check, also those that nobody offends', () => {
    const report = reportOf({ lines_of_bulk_exist: 2 });
    expect(report.kept).toBe(false);
    expect(report.checks.map(({ check }) => check)).toEqual(Object.keys(INVARIANT_CHECKS));
    expect(report.checks.filter(({ violations }) => violations > 0)).toEqual([
      { check: 'lines_of_bulk_exist', violations: 2 },
    ]);
    expect(reportOf({}).kept).toBe(true);
  });
});

it('a violation is one case per check and subject', () => {
  const violation = {
    subject: 'bulk-1',
    organizationId: 'organization-1',
    bulkId: 'bulk-1',
    transferId: null,
    amountMinor: 300n,
    currency: 'EUR',
    expected: '3 lines of together 300',
    found: '2 lines of together 200',
  };
  const found = breakOfViolation('lines_of_bulk_exist', violation, { rail: 'http', runId: 'run-1' });
  expect(found).toEqual({
    organizationId: 'organization-1',
    bulkId: 'bulk-1',
    transferId: null,
    amountMinor: 300n,
    currency: 'EUR',
    rail: 'http',
    runId: 'run-1',
    class: 'invariant',
    source: 'invariants',
    expected: 'Every line of an accepted bulk request exists (5). 3 lines of together 300',
    found: '2 lines of together 200',
    dedupeKey: 'invariant:lines_of_bulk_exist:bulk-1',
  });
});
