import { type LookupAddress, promises as dns } from 'node:dns';

/** How this process finds others: the addresses of names, and the certificates it believes. */
export abstract class Network {
  /** Certificate authorities, PEM. Undefined: Node's own, and NODE_EXTRA_CA_CERTS. */
  abstract readonly authorities: string[] | undefined;

  /**
   * Every address of a name.
   *
   * @param signal aborted when nobody waits for it any more
   * @throws Error with a `code` when there is none
   */
  abstract addressesOf(name: string, signal: AbortSignal): Promise<readonly LookupAddress[]>;
}

/** One question, asked twice: two seconds, then four. Well within the time a whole request has. */
const PATIENCE = { timeout: 2_000, tries: 2 };

/**
 * Asks the name servers itself. `dns.lookup` would occupy one of the two threads Node has for it while a name server says nothing: two
 * names of one customer, and nobody in this process would find a bank or a database any more.
 */
export class NameServers extends Network {
  readonly authorities = undefined;

  /** @param servers undefined: those of the system */
  constructor(private readonly servers?: readonly string[]) {
    super();
  }

  async addressesOf(name: string, signal: AbortSignal): Promise<readonly LookupAddress[]> {
    const resolver = new dns.Resolver(PATIENCE);
    if (this.servers !== undefined) resolver.setServers(this.servers);
    const cancel = (): void => resolver.cancel();
    signal.addEventListener('abort', cancel, { once: true });
    try {
      const [v4, v6] = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)]);
      const found = [...addresses(v4, 4), ...addresses(v6, 6)];
      if (found.length === 0 && v4.status === 'rejected') throw v4.reason as Error;
      return found;
    } finally {
      signal.removeEventListener('abort', cancel);
    }
  }
}

/** Asks the operating system, which also knows /etc/hosts and search domains: what private networks are made of. */
export class HostNames extends Network {
  readonly authorities = undefined;

  addressesOf(name: string): Promise<readonly LookupAddress[]> {
    return dns.lookup(name, { all: true });
  }
}

function addresses(answer: PromiseSettledResult<string[]>, family: 4 | 6): LookupAddress[] {
  return answer.status === 'fulfilled' ? answer.value.map((address) => ({ address, family })) : [];
}
