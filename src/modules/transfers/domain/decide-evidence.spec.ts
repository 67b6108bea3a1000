import { decideEvidence, type EvidenceStatus, type EvidenceVerdict } from './decide-evidence.js';
import type { StoredTransferStatus } from './transfer.state.js';

type Outcome = EvidenceVerdict['outcome'] | `applied: ${string}`;

const TRANSFER = { id: 'a', line: 3, attempts: 1, possiblySent: true, amountMinor: 100n };
const evidence = (status: EvidenceStatus) => ({ status, reasonCode: 'AC04', railId: 'r1' });

function verdict(status: StoredTransferStatus, said: EvidenceStatus, possiblySent = true): Outcome {
  const result = decideEvidence({ ...TRANSFER, status, possiblySent }, evidence(said));
  return result.outcome === 'applied' ? `applied: ${result.move.to}` : result.outcome;
}

describe('what a rail says later', () => {
  it('about a reversal that settled: its money did not stay, which contradicts that it came', () => {
    const reversal = { ...TRANSFER, status: 'settled' as const };
    const contradiction = { outcome: 'contradiction', suspense: 'found', move: null };
    expect(decideEvidence(reversal, evidence('returned'), true)).toEqual(contradiction);
    expect(decideEvidence(reversal, evidence('rejected'), true)).toEqual(contradiction);
    expect(decideEvidence(reversal, evidence('settled'), true)).toEqual({ outcome: 'redundant' });
  });

  it.each<[StoredTransferStatus, EvidenceStatus, Outcome]>([
    ['in_doubt', 'accepted', 'applied: submitted'],
    ['in_doubt', 'settled', 'applied: settled'],
    ['in_doubt', 'rejected', 'applied: failed'],
    ['submitted', 'settled', 'applied: settled'],
    ['submitted', 'rejected', 'applied: failed'],
    ['manual_review', 'settled', 'applied: settled'],
    ['manual_review', 'rejected', 'applied: failed'],
    ['pending', 'settled', 'applied: settled'],
    ['pending', 'rejected', 'applied: failed'],
    ['settled', 'returned', 'applied: returned'],
  ])('ends the doubt: %s, then told it was %s', (status, said, outcome) => {
    expect(verdict(status, said)).toBe(outcome);
  });

  it.each<[StoredTransferStatus, EvidenceStatus]>([
    ['submitted', 'accepted'],
    ['manual_review', 'accepted'],
    ['pending', 'accepted'],
    ['settled', 'accepted'],
    ['settled', 'settled'],
    ['returned', 'accepted'],
    ['returned', 'settled'],
    ['returned', 'returned'],
    ['failed', 'accepted'],
    ['failed', 'rejected'],
    ['cancelled', 'rejected'],
  ])('changes nothing when it is known: %s, told it was %s', (status, said) => {
    expect(verdict(status, said)).toBe('redundant');
  });

  it.each<[StoredTransferStatus, EvidenceStatus]>([
    ['settled', 'rejected'],
    ['returned', 'rejected'],
    ['failed', 'settled'],
    ['failed', 'returned'],
    ['cancelled', 'accepted'],
    ['cancelled', 'settled'],
    ['cancelled', 'returned'],
  ])('never changes a final state it contradicts: %s, told it was %s', (status, said) => {
    expect(verdict(status, said)).toBe('contradiction');
  });

  it.each<[StoredTransferStatus, EvidenceStatus, string | null]>([
    ['failed', 'settled', 'owed'],
    ['cancelled', 'settled', 'owed'],
    ['settled', 'rejected', 'found'],
    // Paid and come back, or never paid: the money is where our books have it.
    ['failed', 'returned', null],
    ['cancelled', 'returned', null],
    ['returned', 'rejected', null],
    ['cancelled', 'accepted', null],
  ])('says where the money is instead: %s, told it was %s', (status, said, suspense) => {
    expect(decideEvidence({ ...TRANSFER, status }, evidence(said))).toEqual({
      outcome: 'contradiction',
      suspense,
      move: null,
    });
  });

  it.each<EvidenceStatus>(['settled', 'returned'])(
    'keeps a line that was never sent from being sent: told it was %s',
    (said) => {
      const result = decideEvidence({ ...TRANSFER, status: 'pending', possiblySent: false }, evidence(said));
      expect(result).toMatchObject({
        outcome: 'contradiction',
        suspense: null,
        move: { from: 'pending', to: 'manual_review', code: 'never_sent', followUp: null },
      });
    },
  );

  it.each<StoredTransferStatus>(['pending', 'submitted', 'in_doubt', 'manual_review'])(
    'waits when it comes too early: %s, told it came back',
    (status) => {
      expect(verdict(status, 'returned')).toBe('early');
    },
  );

  it('cannot be about a line that provably never left', () => {
    expect(verdict('pending', 'settled', false)).toBe('contradiction');
    expect(verdict('pending', 'rejected', false)).toBe('contradiction');
    expect(verdict('pending', 'accepted', false)).toBe('early');
  });
});

describe('evidence that is applied', () => {
  it('keeps the reason and the id the rail gave, and counts no attempt', () => {
    const result = decideEvidence({ ...TRANSFER, status: 'in_doubt' }, evidence('rejected'));
    expect(result).toMatchObject({
      move: { from: 'in_doubt', to: 'failed', source: 'evidence', attempts: 1, code: 'AC04', railId: 'r1' },
    });
  });

  it('about a line that waits to be sent again belongs to the submission before', () => {
    const result = decideEvidence({ ...TRANSFER, status: 'pending' }, evidence('settled'));
    expect(result).toMatchObject({ move: { from: 'submitting', to: 'settled', followUp: null } });
  });
});
