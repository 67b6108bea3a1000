import { isIP } from 'node:net';
import { isAllowedAddress } from './address-rules.js';

/** What customers may have us call. */
export class OutboundPolicy {
  constructor(
    /** Private addresses, and plain HTTP. */
    readonly allowsPrivateNetworks: boolean,
    /** Null: any. */
    readonly ports: readonly string[] | null,
  ) {}
}

/** HTTPS, and the port that is commonly used where that one is taken. Others are rather somebody's database. */
export const WEB_PORTS: readonly string[] = ['443', '8443'];

export const MAX_URL_LENGTH = 2_048;

const REFUSALS = {
  too_long: `The URL has more than ${MAX_URL_LENGTH} characters.`,
  malformed_url: 'This is not a URL.',
  https_only: 'The URL must begin with https://.',
  unknown_scheme: 'The URL must begin with https:// or http://.',
  credentials_in_url: 'The URL must not have a user or a password in it.',
  fragment_in_url: 'The URL must not have a fragment (#).',
  port_not_allowed: 'The port is not one of those that may be called.',
  address_not_allowed: 'The address is private or reserved.',
} as const;

export type UrlRefusalCode = keyof typeof REFUSALS;

export interface UrlRefusal {
  readonly code: UrlRefusalCode;
  /** Without anything of the URL: there may be a secret in it. */
  readonly detail: string;
}

/**
 * The URL, as the one parser reads it that the request is made with; or why it must not be called. Addresses are recognized in every
 * form (`0x7f.1`, `2130706433`, `[::ffff:127.0.0.1]`): the parser writes them all the same way. What names mean is only known when
 * connecting.
 */
export function examineUrl(text: string, policy: OutboundPolicy): URL | UrlRefusal {
  if (text.length > MAX_URL_LENGTH) return refusal('too_long');
  // The parser takes spaces and line breaks out. Whoever reads the URL elsewhere may not.
  if (/[\s\p{Cc}]/u.test(text) || !URL.canParse(text)) return refusal('malformed_url');
  const url = new URL(text);
  const code = whyNot(url, text, policy);
  return code === null ? url : refusal(code);
}

function whyNot(url: URL, text: string, policy: OutboundPolicy): UrlRefusalCode | null {
  const { allowsPrivateNetworks, ports } = policy;
  if (url.protocol !== 'https:') {
    if (!allowsPrivateNetworks) return 'https_only';
    if (url.protocol !== 'http:') return 'unknown_scheme';
  }
  if (url.username !== '' || url.password !== '') return 'credentials_in_url';
  if (text.includes('#')) return 'fragment_in_url';
  if (ports !== null && !ports.includes(url.port === '' ? '443' : url.port)) return 'port_not_allowed';
  const host = hostOf(url);
  return isIP(host) !== 0 && !isAllowedAddress(host, allowsPrivateNetworks) ? 'address_not_allowed' : null;
}

/** A name, or an address without the brackets that IPv6 has in a URL. */
export const hostOf = ({ hostname }: URL): string => (hostname.startsWith('[') ? hostname.slice(1, -1) : hostname);

const refusal = (code: UrlRefusalCode): UrlRefusal => ({ code, detail: REFUSALS[code] });
