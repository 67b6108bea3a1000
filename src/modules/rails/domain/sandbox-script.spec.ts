import { sandboxAct } from './sandbox-script.js';

describe('sandboxAct', () => {
  it.each([
    ['sandbox:reject:AC04', { act: 'reject', code: 'AC04' }],
    ['sandbox:retry:2', { act: 'refuse_first', times: 2 }],
    ['sandbox:timeout', { act: 'timeout' }],
    ['sandbox:lost', { act: 'lost' }],
    ['sandbox:accept', { act: 'accept' }],
    ['sandbox:return', { act: 'return' }],
    ['sandbox:slow:500', { act: 'settle', afterMs: 500 }],
  ])('reads the steering words of %s', (remittance, act) => {
    expect(sandboxAct(remittance)).toEqual(act);
  });

  it.each([
    null,
    '',
    'Salary',
    'sandbox:',
    'sandbox:reject',
    'sandbox:reject:ac04',
    'x sandbox:lost',
    'sandbox:retry:-1',
  ])('settles anything else at once (%s)', (remittance) => {
    expect(sandboxAct(remittance)).toEqual({ act: 'settle', afterMs: 0 });
  });
});
