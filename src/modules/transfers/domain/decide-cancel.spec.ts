import { decideCancel } from './decide-cancel.js';
import type { Line } from './line.js';

const LINE: Line = { id: 'a', line: 3, status: 'pending', attempts: 2, possiblySent: false, amountMinor: 100n };

describe('a pending line of a bulk that is stopped', () => {
  it('is cancelled when it never left', () => {
    expect(decideCancel(LINE)).toMatchObject({
      from: 'pending',
      to: 'cancelled',
      source: 'stop',
      attempts: 2,
      code: 'stopped',
      followUp: null,
    });
  });

  it('goes to a person when it may have left once: its money is not released', () => {
    expect(decideCancel({ ...LINE, possiblySent: true })).toMatchObject({ to: 'manual_review', possiblySent: true });
  });
});
