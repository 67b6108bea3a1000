import { eventually } from './eventually.js';

describe('eventually', () => {
  it('returns the first answer that is not "not yet"', async () => {
    let asked = 0;
    const answer = await eventually(() => (++asked < 3 ? undefined : { asked }), { what: 'the third answer' });
    expect(answer).toEqual({ asked: 3 });
  });

  it('takes zero, null and the empty string for answers', async () => {
    await expect(eventually(() => 0, { what: 'a number' })).resolves.toBe(0);
    await expect(eventually(() => null, { what: 'nothing' })).resolves.toBeNull();
    await expect(eventually(() => '', { what: 'a text' })).resolves.toBe('');
  });

  it('says what it waited for and what came last when it gives up', async () => {
    const failing = () => Promise.reject(new Error('no such row'));
    await expect(eventually(failing, { timeoutMs: 1, what: 'the bulk to complete' })).rejects.toThrow(
      'Waited 1 ms for the bulk to complete in vain; last error: no such row',
    );
    await expect(eventually(() => false, { timeoutMs: 1, what: 'a yes' })).rejects.toThrow('last value: false');
  });
});
