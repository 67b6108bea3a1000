import { SLUG_PATTERN } from './organization.js';

const SLUG = new RegExp(SLUG_PATTERN, 'u');

describe('a slug', () => {
  it.each(['a', '7', 'acme', 'acme-corp', 'a-1-b'])('may be %p', (slug) => {
    expect(SLUG.test(slug)).toBe(true);
  });

  it.each(['', '-acme', 'acme-', 'ac--me', 'Acme', 'ac me', 'ac_me', 'äcme', 'acme\n'])('may not be %p', (slug) => {
    expect(SLUG.test(slug)).toBe(false);
  });
});
