import { attemptsOf, historyOf, type TransferFacts, type Transition } from './transfer-history.js';

const at = (seconds: number): Date => new Date(Date.UTC(2026, 10, 21, 9, 0, seconds));

const FACTS: TransferFacts = {
  status: 'settled',
  attempts: 1,
  createdAt: at(0),
  settledAt: at(2),
  chunkLeasedAt: at(1),
};

function transition(values: Partial<Transition>): Transition {
  return {
    source: 'submission',
    attempt: 1,
    fromStatus: 'submitting',
    toStatus: 'pending',
    code: null,
    detail: null,
    startedAt: at(1),
    createdAt: at(2),
    ...values,
  };
}

const numbered = (facts: TransferFacts, transitions: Transition[]) =>
  attemptsOf(facts, transitions).map(({ number, outcome }) => [number, outcome]);
const statuses = (facts: TransferFacts, transitions: Transition[]) =>
  historyOf(facts, transitions).map((item) => item.status);

describe('the attempts of a transfer', () => {
  it('settled by its first submission are told by its row and its chunk alone', () => {
    expect(attemptsOf(FACTS, [])).toEqual([
      { number: 1, startedAt: at(1), endedAt: at(2), outcome: 'settled', code: null, detail: null },
    ]);
  });

  it('are none before it was ever sent', () => {
    expect(attemptsOf({ ...FACTS, status: 'pending', attempts: 0, settledAt: null, chunkLeasedAt: null }, [])).toEqual(
      [],
    );
  });

  it('name the refusals before the one that settled it', () => {
    const refused = transition({ code: 'busy' });
    const again = transition({ code: 'busy', attempt: 2 });
    expect(numbered({ ...FACTS, attempts: 3 }, [refused, again])).toEqual([
      [1, 'pending'],
      [2, 'pending'],
      [3, 'settled'],
    ]);
  });

  it('include the one under way, which has no outcome yet', () => {
    expect(attemptsOf({ ...FACTS, status: 'submitting', attempts: 1, settledAt: null }, [transition({})])).toEqual([
      expect.objectContaining({ number: 1, outcome: 'pending' }),
      { number: 2, startedAt: at(1), endedAt: null, outcome: null, code: null, detail: null },
    ]);
  });

  it('count a submission whose worker died as one, and an inquiry as none', () => {
    const lost = transition({ source: 'lost_lease', toStatus: 'in_doubt' });
    const found = transition({ source: 'inquiry', fromStatus: 'in_doubt', toStatus: 'settled' });
    expect(numbered(FACTS, [lost, found])).toEqual([[1, 'in_doubt']]);
    const askingDied = transition({ source: 'lost_lease', fromStatus: 'in_doubt', toStatus: 'manual_review' });
    expect(numbered({ ...FACTS, status: 'manual_review' }, [lost, askingDied])).toEqual([[1, 'in_doubt']]);
  });

  it('of a returned transfer still end with the one that settled it', () => {
    const back = transition({ source: 'evidence', fromStatus: 'settled', toStatus: 'returned' });
    expect(numbered({ ...FACTS, status: 'returned' }, [back])).toEqual([[1, 'settled']]);
  });
});

describe('the history of a transfer', () => {
  it('begins with its acceptance and ends with its settlement, though neither left a transition', () => {
    expect(historyOf(FACTS, [])).toEqual([
      { at: at(0), status: 'pending', source: 'acceptance', code: null, detail: null },
      { at: at(2), status: 'settled', source: 'submission', code: null, detail: null },
    ]);
  });

  it('tells every state in the order of time', () => {
    const refused = transition({ createdAt: at(1), code: 'busy' });
    const back = transition({
      source: 'evidence',
      fromStatus: 'settled',
      toStatus: 'returned',
      createdAt: at(9),
      attempt: 2,
    });
    expect(statuses({ ...FACTS, status: 'returned', attempts: 2 }, [refused, back])).toEqual([
      'pending',
      'pending',
      'settled',
      'returned',
    ]);
  });

  it('tells a settlement once when an inquiry found it', () => {
    const lost = transition({ source: 'lost_lease', toStatus: 'in_doubt', createdAt: at(1) });
    const found = transition({ source: 'inquiry', fromStatus: 'in_doubt', toStatus: 'settled' });
    expect(statuses(FACTS, [lost, found])).toEqual(['pending', 'in_doubt', 'settled']);
  });

  it('says submitting while the line is inside a window', () => {
    expect(statuses({ ...FACTS, status: 'submitting', attempts: 0, settledAt: null }, [])).toEqual([
      'pending',
      'submitting',
    ]);
  });
});
