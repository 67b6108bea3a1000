import { Inject, Injectable } from '@nestjs/common';
import { errors, type JWSHeaderParameters, type JWTPayload, jwtVerify } from 'jose';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { DomainError } from '../../../domain/errors.js';
import { isAcceptedTokenType, type TokenGrant, tokenGrant } from '../domain/token-claims.js';
import { OrganizationsQueries } from '../organizations.queries.js';
import { IssuerKeys } from './issuer-keys.js';

export type RecognizedToken =
  | { readonly organizationId: string; readonly grant: TokenGrant }
  | { readonly refused: 'invalid_token' | 'expired'; readonly keyId: null };

/** Signatures with a public key, literally: none of them can be made with what the issuer publishes, and `none` is no signature. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];

/** What is wrong with a token, as opposed to what is wrong with its issuer. */
const TOKEN_ERRORS: readonly string[] = [
  errors.JWSInvalid.code,
  errors.JWTInvalid.code,
  errors.JWTClaimValidationFailed.code,
  errors.JWSSignatureVerificationFailed.code,
  errors.JOSEAlgNotAllowed.code,
  errors.JOSENotSupported.code,
  errors.JWKSNoMatchingKey.code,
  errors.JWKSMultipleMatchingKeys.code,
];

const INVALID = { refused: 'invalid_token', keyId: null } as const;
/** Of a token whose signature was good: nobody is guessing. */
const EXPIRED = { refused: 'expired', keyId: null } as const;

type Refused = typeof INVALID | typeof EXPIRED;
/** A payload is whatever the issuer put into it: what is ours is told by identity. */
const isRefused = (result: JWTPayload | Refused): result is Refused => result === INVALID || result === EXPIRED;

const issuerUnavailable = (cause: unknown): DomainError =>
  new DomainError('unavailable', 'unavailable', 'The issuer of tokens cannot be reached at the moment.', {
    cause,
    retryAfterSeconds: 5,
  });

/** Tokens of the configured OpenID Connect issuer. Which organization and scopes they mean, their claims say. */
@Injectable()
export class RecognizeToken {
  private readonly keys: IssuerKeys | null;

  constructor(
    @Inject(CONFIG) private readonly config: Config,
    private readonly queries: OrganizationsQueries,
  ) {
    const { OIDC_ISSUER: issuer, OIDC_JWKS_URL: jwksUrl = null, OIDC_JWKS_COOLDOWN_SECONDS: cooldownSeconds } = config;
    this.keys = issuer === undefined ? null : new IssuerKeys({ issuer, jwksUrl, cooldownMs: cooldownSeconds * 1_000 });
  }

  /** @throws unavailable when the keys of the issuer are not known and cannot be had */
  async recognize(token: string): Promise<RecognizedToken> {
    const claims = this.keys === null ? INVALID : await this.verified(token, this.keys);
    if (isRefused(claims)) return claims;
    const names = { organization: this.config.OIDC_ORGANIZATION_CLAIM, scopes: this.config.OIDC_SCOPES_CLAIM };
    const grant = tokenGrant(claims, names);
    if (grant === null) return INVALID;
    const organization = await this.queries.findByName(grant.organization);
    return organization === null ? INVALID : { organizationId: organization.id, grant };
  }

  private async verified(token: string, keys: IssuerKeys): Promise<JWTPayload | Refused> {
    const { OIDC_ISSUER: issuer, OIDC_AUDIENCE: audience, OIDC_CLOCK_TOLERANCE_SECONDS: clockTolerance } = this.config;
    // The configuration has all or nothing of this; an option left undefined would not be checked at all.
    if (issuer === undefined || audience === undefined) return INVALID;
    const expected = { algorithms: ALGORITHMS, issuer, audience, clockTolerance, requiredClaims: ['exp', 'sub'] };
    try {
      const { payload, protectedHeader } = await jwtVerify(
        token,
        (header: JWSHeaderParameters) => keys.keyOf(header),
        expected,
      );
      return isAcceptedTokenType(protectedHeader.typ) ? payload : INVALID;
    } catch (error) {
      if (error instanceof errors.JWTExpired) return EXPIRED;
      if (error instanceof errors.JOSEError && TOKEN_ERRORS.includes(error.code)) return INVALID;
      throw issuerUnavailable(error);
    }
  }
}
