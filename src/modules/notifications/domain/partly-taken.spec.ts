import { leftOf, progressAfter, progressOf } from './partly-taken.js';

const settings = {
  kind: 'email',
  recipients: ['ann@a.example', 'bob@a.example', 'cy@a.example', 'di@a.example'],
} as const;
const partly = (taken: number, ...deferred: string[]) =>
  ({ kind: 'partly', failure: 'smtp_451', taken, deferred }) as const;

describe('a mail that was taken for some', () => {
  it('is still for those who put it off, and for nobody else', () => {
    const first = progressAfter(settings, 3, null, partly(1, 'bob@a.example', 'di@a.example'));
    expect(first).toEqual({ version: 3, left: [1, 3], taken: 1, refused: 1 });
    expect(leftOf(settings, first)).toEqual({ kind: 'email', recipients: ['bob@a.example', 'di@a.example'] });
    const second = progressAfter(settings, 3, first, partly(1, 'di@a.example'));
    expect(second).toEqual({ version: 3, left: [3], taken: 2, refused: 1 });
    expect(progressAfter(settings, 3, second, partly(0, 'di@a.example'))).toEqual(second);
  });

  it('is for all of them when the channel leads elsewhere meanwhile', () => {
    const partlyTaken = { version: 3, left: [1], taken: 1, refused: 0 };
    expect(progressOf({ partlyTaken }, { settingsVersion: 3 })).toBe(partlyTaken);
    expect(progressOf({ partlyTaken }, { settingsVersion: 4 })).toBeNull();
    expect(progressOf({ partlyTaken: null }, { settingsVersion: 3 })).toBeNull();
  });

  it('is for all of them before the first attempt, and of a chat there are no parts', () => {
    expect(leftOf(settings, null)).toBe(settings);
    const chat = { kind: 'slack', url: 'https://hooks.example.com/x' } as const;
    expect(leftOf(chat, { version: 1, left: [], taken: 0, refused: 0 })).toBe(chat);
  });
});
