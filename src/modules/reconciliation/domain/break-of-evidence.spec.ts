import { breakOfEvidence, type ReportedEvidence } from './break-of-evidence.js';

const evidence = (values: Partial<ReportedEvidence> = {}): ReportedEvidence => ({
  organizationId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c02',
  bulkId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c03',
  transferId: '0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d',
  rail: 'http',
  reference: '0198f2c17f3a7c318b0e1d2f3a4b5c6d',
  source: 'callback',
  status: 'settled',
  reasonCode: null,
  railId: 'B-1',
  outcome: 'contradiction',
  transferStatus: 'failed',
  transferRail: 'http',
  amountMinor: 10_000n,
  currency: 'EUR',
  suspenseMinor: -10_000n,
  receivedAt: new Date('2026-11-20T10:00:00.000Z'),
  ...values,
});

describe('evidence that the engine could not follow', () => {
  it('is a contradiction of a state, with the money it put on suspense', () => {
    expect(breakOfEvidence(evidence())).toMatchObject({
      class: 'status',
      source: 'evidence',
      expected: 'failed, 100.00 EUR',
      found: 'settled, by callback of 2026-11-20T10:00:00.000Z',
      suspenseMinor: -10_000n,
      dedupeKey: 'status:http:0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d:settled',
    });
    expect(breakOfEvidence(evidence({ status: 'rejected', reasonCode: 'AC04', source: 'late_result' })).found).toBe(
      'rejected (AC04), by late result of 2026-11-20T10:00:00.000Z',
    );
  });

  it('is the same case when another source says the same, and another when it says something else', () => {
    const key = breakOfEvidence(evidence()).dedupeKey;
    expect(breakOfEvidence(evidence({ source: 'statement', railId: 'B-2' })).dedupeKey).toBe(key);
    expect(breakOfEvidence(evidence({ status: 'returned' })).dedupeKey).not.toBe(key);
  });

  it('about a reference that is none of ours is missing here, the same case as on a statement', () => {
    const nobodys = { organizationId: null, transferId: null, transferRail: null, reference: 'ABC-1' };
    const found = breakOfEvidence(evidence({ outcome: 'unmatched', ...nobodys }));
    expect(found).toMatchObject({
      class: 'missing_here',
      organizationId: null,
      expected: 'Nothing: no transfer of ours has this reference',
      dedupeKey: 'missing_here:http:abc-1',
    });
    expect(found.suspenseMinor).toBeUndefined();
  });

  it('about what another rail pays is missing here, too', () => {
    const strangers = evidence({ outcome: 'unmatched', transferRail: 'sandbox' });
    expect(breakOfEvidence(strangers)).toMatchObject({
      class: 'missing_here',
      expected: 'Nothing on this rail: the transfer is paid through sandbox',
    });
  });
});
