import { DomainError } from '../../../domain/errors.js';
import { assertNamesDebtor, assertRailCan, assertSupported, type Submission } from './submission.js';

const SUBMISSION: Submission = {
  organization_bic: 'OIVUSCLQXXX',
  organization_iban: 'FR10474608000002006107XXXXX',
  credit_transfers: [],
};

function refusalOf(check: (submission: Submission) => void, values: Partial<Submission>): DomainError | null {
  try {
    check({ ...SUBMISSION, ...values });
    return null;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

describe('what is not supported yet', () => {
  it.each<[string, Partial<Submission>]>([
    ['requested_execution_date', { requested_execution_date: '2027-01-01' }],
    ['rail', { rail: 'iso20022' }],
  ])('is refused by name, never accepted and ignored: %s', (field, values) => {
    expect(refusalOf(assertSupported, values)).toMatchObject({
      kind: 'rule',
      code: 'not_supported_yet',
      details: { errors: [{ pointer: `/${field}`, code: 'not_supported_yet' }] },
    });
  });

  it('is named all at once', () => {
    const refusal = refusalOf(assertSupported, { requested_execution_date: '2027-01-01', rail: 'iso20022' });
    expect(refusal?.details).toMatchObject({
      errorCount: 2,
      errors: [{ pointer: '/requested_execution_date' }, { pointer: '/rail' }],
    });
  });

  it.each<Partial<Submission>>([
    {},
    { rail: 'sandbox' },
    { callback_url: 'https://example.com' },
    { rail: 'book' },
    { rail: 'http' },
    { on_failure: 'continue' },
    { on_failure: 'reverse' },
    { on_failure: 'stop', validation: 'partial', priority: 'urgent', metadata: { a: 'b' } },
  ])('does not include %j', (values) => {
    expect(refusalOf(assertSupported, values)).toBeNull();
  });
});

describe('what a rail can do', () => {
  const refusal = (values: Partial<Submission>, rail: { exists: boolean; reverses: boolean }) =>
    refusalOf((submission) => assertRailCan(submission, rail), values);

  it('is not asked of one that is not set up', () => {
    expect(refusal({ rail: 'http' }, { exists: false, reverses: false })).toMatchObject({
      code: 'rail_not_configured',
      details: { errors: [{ pointer: '/rail' }] },
    });
  });

  it('is reversing only where the rail can', () => {
    expect(refusal({ on_failure: 'reverse' }, { exists: true, reverses: false })).toMatchObject({
      code: 'rail_cannot_reverse',
      details: { errors: [{ pointer: '/on_failure' }] },
    });
    expect(refusal({ on_failure: 'reverse' }, { exists: true, reverses: true })).toBeNull();
    expect(refusal({ on_failure: 'stop' }, { exists: true, reverses: false })).toBeNull();
  });
});

describe('the debtor', () => {
  it('is named by IBAN and BIC, or by the id of its account', () => {
    expect(refusalOf(assertNamesDebtor, {})).toBeNull();
    const byId = { organization_bic: undefined, organization_iban: undefined, debtor_account_id: 'x' };
    expect(refusalOf(assertNamesDebtor, byId)).toBeNull();
  });

  it.each<[Partial<Submission>, string[]]>([
    [{ organization_bic: undefined }, ['/organization_bic']],
    [{ organization_iban: undefined }, ['/organization_iban']],
    [{ organization_bic: undefined, organization_iban: undefined }, ['/organization_iban', '/organization_bic']],
  ])('has to be named, or the fields that miss are (%j)', (values, pointers) => {
    const refusal = refusalOf(assertNamesDebtor, values);
    expect(refusal).toMatchObject({ kind: 'invalid', code: 'invalid_request' });
    expect(refusal?.details.errors?.map(({ pointer }) => pointer)).toEqual(pointers);
    expect(refusal?.details.errors?.every(({ code }) => code === 'required')).toBe(true);
  });
});
