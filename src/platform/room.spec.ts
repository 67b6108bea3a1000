import { Room } from './room.js';

describe('a room', () => {
  const held = () => {
    let leave: (error?: Error) => void = () => undefined;
    const gone = new Promise<string>((resolve, reject) => {
      leave = (error) => (error ? reject(error) : resolve('done'));
    });
    return { work: () => gone, leave };
  };
  const isFull = { kind: 'unavailable', code: 'unavailable', details: { retryAfterSeconds: 7 } };

  it('has room for so many, and tells the next one to come again', async () => {
    const room = new Room(2, 7);
    const [first, second, third] = [held(), held(), held()];
    const inside = [room.enter(first.work), room.enter(second.work)];
    const work = jest.fn(third.work);
    await expect(room.enter(work)).rejects.toMatchObject(isFull);
    expect(work).not.toHaveBeenCalled();
    first.leave();
    await expect(inside[0]).resolves.toBe('done');
    third.leave();
    await expect(room.enter(work)).resolves.toBe('done');
    second.leave();
    await expect(inside[1]).resolves.toBe('done');
  });

  it('has room again after a failure', async () => {
    const room = new Room(1, 7);
    const failing = held();
    const inside = room.enter(failing.work);
    failing.leave(new Error('no'));
    await expect(inside).rejects.toThrow('no');
    await expect(room.enter(async () => 'next')).resolves.toBe('next');
  });
});
