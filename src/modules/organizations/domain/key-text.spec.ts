import { newKeyText, newSigningSecret, publicIdOf } from './key-text.js';

describe('the text of an API key', () => {
  it('has a public id of 16 characters and a secret of 43, which are 256 bits', () => {
    const { publicId, text } = newKeyText();
    expect(text).toMatch(/^trk_[a-z0-9]{16}_[A-Za-z0-9]{43}$/);
    expect(text.split('_')[1]).toBe(publicId);
  });

  it('is never the same twice', () => {
    const texts = Array.from({ length: 1000 }, () => newKeyText().text);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('favours no character: bytes beyond the last whole multiple of the alphabet are not used', () => {
    let next = 255;
    const downwards = (bytes: Uint8Array): void => {
      for (let i = 0; i < bytes.length; i++) bytes[i] = next--;
    };
    // 252 is a multiple of the 36 characters of a public id, so 251 is the first byte that is used, as their last one.
    expect(newKeyText(downwards).publicId).toBe('9876543210zyxwvu');
  });

  it('gives its public id back', () => {
    const { publicId, text } = newKeyText();
    expect(publicIdOf(text)).toBe(publicId);
  });

  it.each([
    ['nothing', ''],
    ['another prefix', newKeyText().text.replace('trk_', 'key_')],
    ['a secret cut short', newKeyText().text.slice(0, -1)],
    ['a secret with something behind it', `${newKeyText().text}a`],
    ['a public id in upper case', newKeyText().text.replace(/^trk_.{16}/, 'trk_ABCDEFGHIJKLMNOP')],
    ['a line break at the end', `${newKeyText().text}\n`],
  ])('is refused without asking anybody: %s', (_, text) => {
    expect(publicIdOf(text)).toBeNull();
  });
});

describe('a signing secret', () => {
  it('has 256 bits, is never the same twice, and is no key', () => {
    const secrets = Array.from({ length: 100 }, () => newSigningSecret());
    expect(new Set(secrets).size).toBe(secrets.length);
    for (const secret of secrets) expect(secret).toMatch(/^trs_[A-Za-z0-9]{43}$/);
    expect(publicIdOf(newSigningSecret())).toBeNull();
  });
});
