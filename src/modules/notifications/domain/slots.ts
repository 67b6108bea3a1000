/** How much may be under way at a time in one process. */
export const SLOTS = { perChannel: 2, perOrganization: 4, inAll: 512 } as const;

export interface Occupant {
  readonly organizationId: string;
  readonly channelId: string;
}

/** Who hangs takes up the few places of its own channel and organization, and nobody else's. */
export class Slots {
  private readonly taken: Occupant[] = [];

  /** How many more of this channel may begin. */
  roomFor({ organizationId, channelId }: Occupant): number {
    const ofOrganization = this.taken.filter((one) => one.organizationId === organizationId);
    const ofChannel = ofOrganization.filter((one) => one.channelId === channelId);
    return Math.max(
      0,
      Math.min(
        SLOTS.perChannel - ofChannel.length,
        SLOTS.perOrganization - ofOrganization.length,
        SLOTS.inAll - this.taken.length,
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

  /** Channels that have no room; of an organization without any, all its channels that are known here. */
  get full(): { readonly channels: string[]; readonly organizations: string[] } {
    const channels = this.taken.filter((one) => this.roomFor(one) === 0).map(({ channelId }) => channelId);
    const organizations = countBy(this.taken.map(({ organizationId }) => organizationId))
      .filter(([, count]) => count >= SLOTS.perOrganization)
      .map(([id]) => id);
    return { channels: [...new Set(channels)], organizations };
  }

  get isFull(): boolean {
    return this.taken.length >= SLOTS.inAll;
  }
}

function countBy(ids: readonly string[]): [id: string, count: number][] {
  const counts = new Map<string, number>();
  for (const id of ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return [...counts];
}
