import type { IncomingHttpHeaders } from 'node:http';
import { unauthenticated } from './principal.js';

const BEARER = /^Bearer +([\x21-\x7e]+)$/i;
const API_KEY_HEADER = 'x-api-key';
/** Longer than any key or token: no reason to hash megabytes for a stranger. */
const MAX_KEY_LENGTH = 512;
const MAX_TOKEN_LENGTH = 8_192;
/** The compact form of a JWT, which begins with a JSON object in Base64. An empty signature is one that will be refused. */
const TOKEN = /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/;

const KEY_PARAMETERS = new Set(['api_key', 'key', 'token', 'access_token']);
export const KEY_PREFIX = 'trk_';
const SIGNING_SECRET_PREFIX = 'trs_';

/** A token is told from a key by its form. */
export const isToken = (text: string): boolean => TOKEN.test(text);

/**
 * The API key or token of a request, as `Authorization: Bearer` or `X-API-Key`.
 *
 * @throws unauthenticated when there is none, or two different ones
 */
export function presentedKey(headers: IncomingHttpHeaders): string {
  const { authorization, [API_KEY_HEADER]: apiKey } = headers;
  const bearer = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  if (authorization !== undefined && bearer === undefined) throw unauthenticated();
  if (bearer !== undefined && apiKey !== undefined && apiKey !== bearer) {
    throw unauthenticated('Authorization and X-API-Key name different keys; send one.');
  }
  const key = bearer ?? apiKey;
  if (typeof key !== 'string' || key === '' || isTooLong(key)) throw unauthenticated();
  return key;
}

/** Query strings end up in logs, histories and referrers: a key in one is refused, even a good one. */
export function refuseKeyInQuery(url: string): void {
  const start = url.indexOf('?');
  if (start < 0) return;
  for (const [name, value] of new URLSearchParams(url.slice(start + 1))) {
    if (KEY_PARAMETERS.has(name.toLowerCase()) || isSecret(name) || isSecret(value)) {
      throw unauthenticated('An API key never goes into the query string. This one should be replaced.');
    }
  }
}

const isSecret = (text: string): boolean =>
  text.startsWith(KEY_PREFIX) || text.startsWith(SIGNING_SECRET_PREFIX) || isToken(text);

const isTooLong = (text: string): boolean => text.length > (isToken(text) ? MAX_TOKEN_LENGTH : MAX_KEY_LENGTH);

/** The password of HTTP Basic, or null. */
export function basicPassword(authorization: string | undefined): string | null {
  const encoded = /^Basic +([A-Za-z0-9+/]+={0,2})$/i.exec(authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const credentials = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = credentials.indexOf(':');
  const password = credentials.slice(colon + 1);
  return colon < 0 || password === '' || password.length > MAX_KEY_LENGTH ? null : password;
}
