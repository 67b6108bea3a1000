import { isIPv6 } from 'node:net';

/** `true`: whoever connects is the one proxy. Otherwise the addresses and networks of all of them. */
export type TrustedProxies = boolean | readonly string[];

/**
 * Whose `X-Forwarded-*` Fastify believes. To it `true` would mean everybody's: then the caller would be whoever the first entry of
 * `X-Forwarded-For` names, which proxies that add to the header leave as the caller wrote it. The nearest proxy knows who called it.
 */
export function trustedHops(proxies: TrustedProxies): boolean | string[] | ((address: string, hop: number) => boolean) {
  if (proxies === true) return (_address, hop) => hop === 0;
  return proxies === false ? false : [...proxies];
}

/** Whom failures are counted for: an IPv4 address, or the /64 of an IPv6 one, which is what a single caller is given to choose from. */
export function clientNetwork(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = (address.split('%', 1)[0] ?? '').split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length);
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}
