import { apiKeyStatus, endOfOverlap, isUseWorthNoting } from './api-key.js';

const NOW = new Date('2026-11-21T12:00:00.000Z');
const before = (ms: number): Date => new Date(NOW.getTime() - ms);

describe('an API key', () => {
  it('without an expiry is active until it is revoked', () => {
    expect(apiKeyStatus({ expiresAt: null, revokedAt: null }, NOW)).toBe('active');
    expect(apiKeyStatus({ expiresAt: null, revokedAt: before(1) }, NOW)).toBe('revoked');
  });

  it('is expired from the very instant of its expiry', () => {
    expect(apiKeyStatus({ expiresAt: new Date(NOW.getTime() + 1), revokedAt: null }, NOW)).toBe('active');
    expect(apiKeyStatus({ expiresAt: NOW, revokedAt: null }, NOW)).toBe('expired');
  });

  it('that was revoked stays revoked when it expires as well', () => {
    expect(apiKeyStatus({ expiresAt: before(1), revokedAt: before(2) }, NOW)).toBe('revoked');
  });

  it('has its use noted once a minute', () => {
    expect(isUseWorthNoting({ lastUsedAt: null }, NOW)).toBe(true);
    expect(isUseWorthNoting({ lastUsedAt: before(59_999) }, NOW)).toBe(false);
    expect(isUseWorthNoting({ lastUsedAt: before(60_000) }, NOW)).toBe(true);
  });

  it('that was rotated ends with the overlap, and not later than it would have ended anyway', () => {
    const in90Seconds = new Date(NOW.getTime() + 90_000);
    expect(endOfOverlap({ expiresAt: null }, NOW, 90)).toEqual(in90Seconds);
    expect(endOfOverlap({ expiresAt: in90Seconds }, NOW, 60)).toEqual(new Date(NOW.getTime() + 60_000));
    expect(endOfOverlap({ expiresAt: in90Seconds }, NOW, 3_600)).toEqual(in90Seconds);
  });
});
