import fc from 'fast-check';
import type { PaymentAnswer, PaymentOutcome } from '../../../domain/payment-outcome.js';
import { type BankReply, inquiryAnswer, isRailFailure, retryAfterMs, submissionOutcome } from './bank-answer.js';

const REFERENCE = '0198f2c17f3a7c318b0e1d2f3a4b5c6e';
const NOW = Date.parse('2026-03-01T12:00:00Z');

const answered = (status: number, body?: unknown, retryAfter: string | null = null): BankReply => ({
  kind: 'answered',
  status,
  retryAfter,
  body,
});
const settled = { reference: REFERENCE, status: 'settled', rail_id: 'B-1' };
const submitted = (reply: BankReply, waitMs?: number) => submissionOutcome(reply, REFERENCE, waitMs);
const asked = (reply: BankReply) => inquiryAnswer(reply, REFERENCE);

describe('the word of the bank', () => {
  it.each([200, 201])('counts with status %i', (status) => {
    const outcome = { kind: 'settled', railId: 'B-1' };
    expect([submitted(answered(status, settled)), asked(answered(status, settled))]).toEqual([outcome, outcome]);
    const accepted = { ...settled, status: 'accepted', reason_code: null, extra: { a: 1 } };
    expect(submitted(answered(status, accepted))).toEqual({ kind: 'accepted', railId: 'B-1' });
    const rejected = { reference: REFERENCE, status: 'rejected', reason_code: 'AC04' };
    expect(asked(answered(status, rejected))).toEqual({
      kind: 'rejected',
      code: 'AC04',
      detail: 'Rejected by the bank',
    });
  });

  it.each([undefined, null])('that rejects without a reason (%s) has the reason NARR', (reason_code) => {
    expect(submitted(answered(200, { reference: REFERENCE, status: 'rejected', reason_code }))).toMatchObject({
      kind: 'rejected',
      code: 'NARR',
    });
  });

  it('may have our reference in upper case', () => {
    const body = { ...settled, reference: REFERENCE.toUpperCase() };
    expect(submitted(answered(200, body)).kind).toBe('settled');
  });

  it.each<[string, unknown]>([
    ['no JSON', undefined],
    ['null', null],
    ['a list', [settled]],
    ['a text', 'settled'],
    ['no reference', { status: 'settled', rail_id: 'B-1' }],
    ['another reference', { ...settled, reference: '0198f2c17f3a7c318b0e1d2f3a4b5c6f' }],
    ['a reference that is no text', { ...settled, reference: 1 }],
    ['no status', { reference: REFERENCE, rail_id: 'B-1' }],
    ['another status', { ...settled, status: 'SETTLED' }],
    ['not_accepted with 200', { ...settled, status: 'not_accepted' }],
    ['no rail_id', { reference: REFERENCE, status: 'settled' }],
    ['an empty rail_id', { ...settled, rail_id: '' }],
    ['a rail_id that is no text', { ...settled, rail_id: 17 }],
    ['a rail_id that is too long', { ...settled, rail_id: 'x'.repeat(256) }],
    ['a rail_id PostgreSQL cannot keep', { ...settled, rail_id: 'B\u0000' }],
    ['accepted without rail_id', { reference: REFERENCE, status: 'accepted', rail_id: null }],
    ['a reason that is no code', { reference: REFERENCE, status: 'rejected', reason_code: 'to DE89 3704 0044' }],
    ['a reason that is no text', { reference: REFERENCE, status: 'rejected', reason_code: 4 }],
  ])('is in doubt with %s', (_, body) => {
    const unknown = { kind: 'unknown', code: 'unreadable_answer' };
    expect([submitted(answered(200, body)), asked(answered(200, body))]).toMatchObject([unknown, unknown]);
  });

  it('takes a rail_id of 255 characters', () => {
    const body = { ...settled, rail_id: 'x'.repeat(255) };
    expect(submitted(answered(200, body))).toEqual({ kind: 'settled', railId: 'x'.repeat(255) });
  });
});

describe('a submission', () => {
  it.each([429, 503])('is not accepted when a %i says exactly that', (status) => {
    const refusal = { kind: 'not_accepted', code: 'not_accepted', detail: `The bank did not take it (${status})` };
    expect(submitted(answered(status, { status: 'not_accepted' }))).toEqual(refusal);
    expect(submitted(answered(status, { status: 'not_accepted', why: 'busy' }), 5_000)).toEqual({
      ...refusal,
      retryAfterMs: 5_000,
    });
  });

  it.each<[number, unknown, string]>([
    [429, undefined, 'http_4xx'],
    [429, { status: 'settled' }, 'http_4xx'],
    [429, ['not_accepted'], 'http_4xx'],
    [503, 'not_accepted', 'http_5xx'],
    [500, { status: 'not_accepted' }, 'http_5xx'],
    [502, settled, 'http_5xx'],
    [400, { status: 'not_accepted' }, 'http_4xx'],
    [400, settled, 'http_4xx'],
    [404, undefined, 'http_4xx'],
    [409, settled, 'http_4xx'],
    [302, settled, 'http_3xx'],
    [202, settled, 'unreadable_answer'],
    [204, undefined, 'unreadable_answer'],
  ])('answered %i with %j is in doubt: %s', (status, body, code) => {
    expect(submitted(answered(status, body))).toMatchObject({ kind: 'unknown', code });
  });

  it.each([{ reference: REFERENCE.replace('0', '1') }, { reference: null }, { reference: 17 }])(
    'is in doubt when what was not accepted is another one: %j',
    (about) => {
      const refused = (values: object) => submitted(answered(503, { status: 'not_accepted', ...values }));
      expect(refused(about)).toMatchObject({ kind: 'unknown', code: 'unreadable_answer' });
      expect(refused({ reference: REFERENCE.toUpperCase() }).kind).toBe('not_accepted');
    },
  );

  it.each(['AM05', 'DUPL', 'DU04', 'am05'])(
    'that is refused as a duplicate (%s) is in doubt until asked for',
    (code) => {
      const body = { reference: REFERENCE, status: 'rejected', reason_code: code };
      expect(submitted(answered(200, body))).toMatchObject({ kind: 'unknown', code: 'duplicate' });
      expect(asked(answered(200, body))).toMatchObject({ kind: 'rejected', code });
    },
  );

  it('that did not leave was not accepted, one that may have is in doubt', () => {
    expect(submitted({ kind: 'not_sent', code: 'dns_failure' })).toMatchObject({
      kind: 'not_accepted',
      code: 'dns_failure',
    });
    for (const code of ['timeout', 'connection_lost', 'unreadable_answer'] as const)
      expect(submitted({ kind: 'lost', code })).toMatchObject({ kind: 'unknown', code });
  });
});

describe('an inquiry', () => {
  it('finds nothing with 404, whatever comes with it', () => {
    expect([asked(answered(404)), asked(answered(404, settled))]).toEqual([
      { kind: 'not_found' },
      { kind: 'not_found' },
    ]);
  });

  it.each<[BankReply, string]>([
    [answered(429, { status: 'not_accepted' }), 'http_4xx'],
    [answered(503, { status: 'not_accepted' }), 'http_5xx'],
    [answered(410, settled), 'http_4xx'],
    [{ kind: 'lost', code: 'timeout' }, 'timeout'],
    [{ kind: 'not_sent', code: 'connection_refused' }, 'connection_refused'],
  ])('learns nothing from %j', (reply, code) => {
    expect(asked(reply)).toMatchObject({ kind: 'unknown', code });
  });
});

/** Bodies near the contract: every field right, wrong or absent, and any JSON at all. */
const anyBody = fc.oneof(
  fc.jsonValue(),
  fc.constant(undefined),
  fc.record(
    {
      reference: fc.oneof(fc.constantFrom(REFERENCE, REFERENCE.toUpperCase(), ''), fc.jsonValue()),
      status: fc.oneof(fc.constantFrom('settled', 'accepted', 'rejected', 'not_accepted', 'returned'), fc.jsonValue()),
      rail_id: fc.oneof(fc.constantFrom('B-1', '', null), fc.string({ unit: 'binary' }), fc.jsonValue()),
      reason_code: fc.oneof(fc.constantFrom('AC04', '', null), fc.string(), fc.jsonValue()),
      __proto__: fc.jsonValue(),
    },
    { requiredKeys: [] },
  ),
);
const anyStatus = fc.oneof(fc.constantFrom(200, 201, 404, 429, 503), fc.integer({ min: 0, max: 999 }));
const anyReply: fc.Arbitrary<BankReply> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(anyStatus, anyBody).map(([status, body]) => answered(status, body)) },
  fc.constantFrom<BankReply>({ kind: 'not_sent', code: 'tls_failed' }, { kind: 'lost', code: 'timeout' }),
);

/** What the contract documents, said once more and differently. */
function isDocumented(reply: BankReply, kind: (PaymentOutcome | PaymentAnswer)['kind'], isInquiry: boolean): boolean {
  if (reply.kind !== 'answered') return kind === 'not_accepted' && reply.kind === 'not_sent' && !isInquiry;
  const { status } = reply;
  const body = reply.body as Record<string, unknown> | null | undefined;
  if (kind === 'not_found') return isInquiry && status === 404;
  if (kind === 'not_accepted') {
    const { reference } = body ?? {};
    const isOurs = reference === undefined || [REFERENCE, REFERENCE.toUpperCase()].includes(reference as string);
    return !isInquiry && [429, 503].includes(status) && body?.status === kind && isOurs;
  }
  if (![200, 201].includes(status) || String(body?.reference).toLowerCase() !== REFERENCE || body?.status !== kind)
    return false;
  return kind === 'rejected' || (typeof body.rail_id === 'string' && body.rail_id !== '');
}

describe('whatever the bank answers', () => {
  it('never throws, and is nothing but unknown unless documented', () => {
    fc.assert(
      fc.property(anyReply, (reply) => {
        for (const isInquiry of [false, true]) {
          const { kind } = isInquiry ? asked(reply) : submitted(reply);
          if (kind !== 'unknown') expect(isDocumented(reply, kind, isInquiry)).toBe(true);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('puts nothing of the body into code and detail but a code', () => {
    const iban = 'DE89370400440532013000';
    fc.assert(
      fc.property(anyStatus, fc.constantFrom('reference', 'status', 'rail_id', 'reason_code'), (status, field) => {
        const outcome = submitted(
          answered(status, { ...settled, status: 'rejected', [field]: `100.00 EUR to ${iban}` }),
        );
        expect(JSON.stringify(outcome)).not.toMatch(/DE89|100\.00/);
      }),
    );
  });

  it('counts against the rail when the rail is in trouble, not when a payment is', () => {
    const refusal = { status: 'not_accepted' };
    const ofRail = [
      answered(500),
      answered(503),
      answered(401),
      answered(403),
      { kind: 'lost', code: 'timeout' } as const,
      { kind: 'not_sent', code: 'connection_refused' } as const,
    ];
    const ofPayment = [
      answered(200, settled),
      answered(200),
      answered(503, refusal),
      answered(429, refusal),
      answered(422),
    ];
    expect(ofRail.map((reply) => isRailFailure(reply, 'submit'))).toEqual(ofRail.map(() => true));
    expect(ofPayment.map((reply) => isRailFailure(reply, 'submit'))).toEqual(ofPayment.map(() => false));
    // "Unknown reference" is an answer; "no such path" is a wrong address.
    expect([isRailFailure(answered(404), 'inquire'), isRailFailure(answered(404), 'submit')]).toEqual([false, true]);
  });
});

describe('Retry-After', () => {
  const after = (text: string, status = 429) => retryAfterMs(answered(status, undefined, text), NOW, 60_000);

  it.each([
    ['0', 0],
    ['7', 7_000],
    [' 7 ', 7_000],
    ['3600', 60_000],
    ['9'.repeat(400), 60_000],
    ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
    ['Sunday, 01-Mar-26 12:00:30 GMT', 30_000],
    ['Sun, 01 Mar 2026 11:00:00 GMT', 0],
    ['Mon, 02 Mar 2026 12:00:00 GMT', 60_000],
  ])('%j', (text, expected) => {
    expect([after(text), after(text, 503)]).toEqual([expected, expected]);
  });

  it.each(['', '-1', '1.5', '0x10', '1e3', 'soon', '2026-03-01T12:00:30Z', 'Xyz, 99 Foo 2026 12:00:30 GMT'])(
    'does not understand %j',
    (text) => expect(after(text)).toBeUndefined(),
  );

  it('counts on 429 and 503 only', () => {
    expect([after('7', 200), after('7', 500), retryAfterMs(answered(429), NOW, 60_000)]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(retryAfterMs({ kind: 'lost', code: 'timeout' }, NOW, 60_000)).toBeUndefined();
  });

  it('is never negative, nor longer than the limit', () => {
    const dates = fc
      .date({ noInvalidDate: true, min: new Date(0), max: new Date('2099-01-01') })
      .map((date) => date.toUTCString());
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.nat().map(String), dates), (text) => {
        const ms = after(text);
        if (ms !== undefined) expect(ms >= 0 && ms <= 60_000).toBe(true);
      }),
    );
  });
});
