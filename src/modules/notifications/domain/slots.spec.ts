import type { ChannelKind } from './channel.js';
import { type Occupant, SLOTS, Slots } from './slots.js';

const of = (organizationId: string, channelId: string, channelKind: ChannelKind = 'email'): Occupant => ({
  organizationId,
  channelId,
  channelKind,
});

describe('the places of what is under way', () => {
  it('are few for a channel, and for an organization', () => {
    const slots = new Slots();
    const first = of('ours', 'a');
    for (const one of [first, of('ours', 'a'), of('ours', 'b')]) slots.take(one);
    expect(slots.roomFor(of('ours', 'a'))).toBe(0);
    expect(slots.roomFor(of('ours', 'b'))).toBe(1);
    expect(slots.full).toEqual({ kinds: [], channels: ['a'], organizations: [] });
    slots.take(of('ours', 'b'));
    expect(slots.roomFor(of('ours', 'c'))).toBe(0);
    expect(slots.full).toMatchObject({
      channels: ['a', 'b'],
      organizations: [{ organizationId: 'ours', channelKind: 'email' }],
    });
    slots.release(first);
    expect(slots.roomFor(of('ours', 'a'))).toBe(1);
    expect(slots.full.organizations).toEqual([]);
  });

  it('of an organization that hangs are not those of another', () => {
    const slots = new Slots();
    for (const channel of ['a', 'a', 'b', 'b']) slots.take(of('ours', channel));
    expect(slots.roomFor(of('theirs', 'c'))).toBe(SLOTS.perChannel);
    expect(slots.roomFor(of('ours', 'room', 'slack'))).toBe(SLOTS.perChannel);
  });

  it('of mail have an end, however many organizations there are; and chats do not wait behind it', () => {
    const slots = new Slots();
    const mails = Array.from({ length: SLOTS.perKind.email }, (_, index) =>
      of(`organization ${index}`, `box ${index}`),
    );
    for (const mail of mails) slots.take(mail);
    expect(slots.roomFor(of('another', 'x'))).toBe(0);
    expect(slots.roomFor(of('another', 'room', 'slack'))).toBe(SLOTS.perChannel);
    expect(slots.full.kinds).toEqual(['email']);
    expect(slots.isFull).toBe(false);
    const chats = Array.from({ length: SLOTS.perKind.slack }, (_, index) => of(`o ${index}`, `room ${index}`, 'slack'));
    for (const chat of chats) slots.take(chat);
    expect(slots.isFull).toBe(true);
    expect(slots.roomFor(of('another', 'room', 'slack'))).toBe(0);
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
