import type { ChannelKind } from './channel.js';

/**
 * How much may be under way at a time in one process. Mail of all organizations goes to one server: when it hangs, chats do not wait
 * behind mail, and it is not asked for more connections than it gives to one client.
 */
export const SLOTS = {
  perChannel: 2,
  /** Of one kind. */
  perOrganization: 4,
  perKind: { email: 20, slack: 492 } satisfies Record<ChannelKind, number>,
} as const;

export interface Occupant {
  readonly organizationId: string;
  readonly channelId: string;
  readonly channelKind: ChannelKind;
}

/** What has no room. */
export interface Full {
  readonly kinds: readonly ChannelKind[];
  readonly channels: readonly string[];
  readonly organizations: readonly Pick<Occupant, 'organizationId' | 'channelKind'>[];
}

/** Who hangs takes up the few places of its own channel, organization and kind, and nobody else's. */
export class Slots {
  private readonly taken: Occupant[] = [];

  /** How many more of this channel may begin. */
  roomFor({ organizationId, channelId, channelKind }: Occupant): number {
    const ofKind = this.taken.filter((one) => one.channelKind === channelKind);
    const ofOrganization = ofKind.filter((one) => one.organizationId === organizationId);
    const ofChannel = ofOrganization.filter((one) => one.channelId === channelId);
    return Math.max(
      0,
      Math.min(
        SLOTS.perChannel - ofChannel.length,
        SLOTS.perOrganization - ofOrganization.length,
        SLOTS.perKind[channelKind] - ofKind.length,
      ),
    );
  }

  take(occupant: Occupant): void {
    this.taken.push(occupant);
  }

  release(occupant: Occupant): void {
    const at = this.taken.indexOf(occupant);
    if (at >= 0) this.taken.splice(at, 1);
  }

  get full(): Full {
    const channels = full(this.taken, ({ channelId }) => channelId, SLOTS.perChannel);
    const ofKind = ({ organizationId, channelKind }: Occupant): string => `${organizationId} ${channelKind}`;
    return {
      kinds: this.fullKinds(),
      channels: channels.map(({ channelId }) => channelId),
      organizations: full(this.taken, ofKind, SLOTS.perOrganization),
    };
  }

  /** Of every kind. */
  get isFull(): boolean {
    return this.fullKinds().length === Object.keys(SLOTS.perKind).length;
  }

  private fullKinds(): ChannelKind[] {
    const kinds = Object.keys(SLOTS.perKind) as ChannelKind[];
    return kinds.filter((kind) => this.taken.filter((one) => one.channelKind === kind).length >= SLOTS.perKind[kind]);
  }
}

/** One of each group that has as many as it may have. */
function full(taken: readonly Occupant[], groupOf: (one: Occupant) => string, limit: number): Occupant[] {
  const groups = new Map<string, Occupant[]>();
  for (const one of taken) groups.set(groupOf(one), [...(groups.get(groupOf(one)) ?? []), one]);
  return [...groups.values()].flatMap(([first, ...others]) => (first && others.length + 1 >= limit ? [first] : []));
}
