import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** What a private network may be made of. Link-local is not among them: nobody receives there but metadata services (169.254.169.254). */
const PRIVATE_RANGES = new Set(['private', 'loopback', 'carrierGradeNat', 'uniqueLocal']);

/** Where clouds give a machine its credentials, as far as no range says so. Refused even where private networks are allowed. */
const METADATA = new Set([
  '168.63.129.16', // Azure: looks public, and is answered by the host
  '100.100.100.200', // Alibaba
  'fd00:ec2::254', // AWS
  'fd00:ec2::23', // AWS, pod identities
  'fd20:ce::254', // Google
]);

/** IPv4-compatible (RFC 4291, deprecated). The system writes it so; ipaddr.js reads it as IPv4-mapped, which is another address. */
const IPV4_COMPATIBLE = /^::\d{1,3}\./;

/** NAT64 (RFC 6052): how a host with IPv6 only reaches IPv4. */
const NAT64 = ipaddr.parseCIDR('64:ff9b::/96');

/**
 * Whether a customer may have us connect to an address. Only what is known to be public is; with `allowsPrivate`, private networks and
 * this machine, too. Never metadata services, multicast, tunnels (6to4, Teredo, ...) and what is reserved.
 */
export function isAllowedAddress(text: string, allowsPrivate: boolean): boolean {
  // A zone (`fe80::1%eth0`) names an interface of this machine.
  if (text.includes('%') || IPV4_COMPATIBLE.test(text) || !ipaddr.isValid(text)) return false;
  const address = reachedBy(ipaddr.parse(text));
  if (METADATA.has(address.toString())) return false;
  const range: string = address.range();
  if (range === 'unicast') return address instanceof ipaddr.IPv4 || isGlobalUnicast(address);
  return allowsPrivate && PRIVATE_RANGES.has(range);
}

/** The IPv4 address behind an IPv6 address that only leads to it. */
function reachedBy(address: Address): Address {
  if (address instanceof ipaddr.IPv4) return address;
  if (!address.isIPv4MappedAddress() && !address.match(NAT64)) return address;
  return new ipaddr.IPv4(address.toByteArray().slice(12));
}

/** 2000::/3. ipaddr.js calls everything unicast that it has no name for, `::7f00:1` (127.0.0.1) among it. */
const isGlobalUnicast = ({ parts: [first = 0] }: ipaddr.IPv6): boolean => first >> 13 === 1;
