import { grantableScopes, type Scope } from './scopes.js';

/** What a verified token says, as far as it counts here. */
export interface TokenGrant {
  /** The organization by its id or slug. */
  readonly organization: string;
  readonly scopes: readonly Scope[];
  readonly issuer: string;
  readonly subject: string;
}

export interface ClaimNames {
  readonly organization: string;
  readonly scopes: string;
}

/** Of claims whose signature, issuer, audience and times are good. Null when they name no organization, issuer or subject. */
export function tokenGrant(claims: Readonly<Record<string, unknown>>, names: ClaimNames): TokenGrant | null {
  const { iss: issuer, sub: subject } = claims;
  const organization = claims[names.organization];
  if (!isText(organization) || !isText(issuer) || !isText(subject)) return null;
  return { organization, issuer, subject, scopes: grantedScopes(claims[names.scopes]) };
}

/** Scopes of ours in a claim, which is a list or separated by spaces. Others are somebody else's, and `admin` is never granted so. */
function grantedScopes(claim: unknown): readonly Scope[] {
  const named: readonly unknown[] = typeof claim === 'string' ? claim.split(' ') : Array.isArray(claim) ? claim : [];
  return grantableScopes(named);
}

const isText = (claim: unknown): claim is string => typeof claim === 'string' && claim !== '';

/** What a token may say it is (`typ`): a JWT, or an access token (RFC 9068). Others are made for other purposes. */
const ACCEPTED_TYPES = ['jwt', 'at+jwt'];

export function isAcceptedTokenType(typ: unknown): boolean {
  if (typ === undefined) return true;
  return typeof typ === 'string' && ACCEPTED_TYPES.includes(typ.toLowerCase().replace(/^application\//, ''));
}
