import { type Occupant, SLOTS, Slots } from './slots.js';

const of = (organizationId: string, channelId: string): Occupant => ({ organizationId, channelId });

describe('the places of what is under way', () => {
  it('are few for a channel, and for an organization', () => {
    const slots = new Slots();
    const first = of('ours', 'a');
    for (const one of [first, of('ours', 'a'), of('ours', 'b')]) slots.take(one);
    expect(slots.roomFor(of('ours', 'a'))).toBe(0);
    expect(slots.roomFor(of('ours', 'b'))).toBe(1);
    expect(slots.full).toEqual({ channels: ['a'], organizations: [] });
    slots.take(of('ours', 'b'));
    expect(slots.roomFor(of('ours', 'c'))).toBe(0);
    expect(slots.full).toEqual({ channels: ['a', 'b'], organizations: ['ours'] });
    slots.release(first);
    expect(slots.roomFor(of('ours', 'a'))).toBe(1);
    expect(slots.full.organizations).toEqual([]);
  });

  it('of an organization that hangs are not those of another', () => {
    const slots = new Slots();
    for (const channel of ['a', 'a', 'b', 'b']) slots.take(of('ours', channel));
    expect(slots.roomFor(of('theirs', 'c'))).toBe(SLOTS.perChannel);
  });

  it('have an end', () => {
    const slots = new Slots();
    for (let index = 0; index < SLOTS.inAll; index++) slots.take(of(`organization ${index}`, `channel ${index}`));
    expect(slots.isFull).toBe(true);
    expect(slots.roomFor(of('another', 'x'))).toBe(0);
  });

  it('are given back once', () => {
    const slots = new Slots();
    const one = of('ours', 'a');
    slots.take(one);
    slots.take(of('ours', 'a'));
    slots.release(one);
    slots.release(one);
    expect(slots.roomFor(of('ours', 'a'))).toBe(1);
  });
});
