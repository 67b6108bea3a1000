import { createRemoteJWKSet, type CryptoKey, customFetch, type JWSHeaderParameters } from 'jose';
import { createLogger } from '../../../platform/logging/index.js';

/** A caller waits for it. */
const TIMEOUT_MS = 3_000;
/** A key that the issuer took back is believed for so long at most. */
const MAX_AGE_MS = 600_000;
/** After a failure tokens are refused at once for a while, instead of each waiting for the same failure. */
const MAX_FAILURE_COOLDOWN_MS = 5_000;

export interface IssuerSettings {
  readonly issuer: string;
  /** Null: where the issuer's discovery document says. */
  readonly jwksUrl: string | null;
  /** Between two looks for a key that is not known: made up key ids must not become a flood at the issuer. */
  readonly cooldownMs: number;
}

type RemoteKeys = ReturnType<typeof createRemoteJWKSet>;

const isSecure = (address: string): boolean => URL.canParse(address) && new URL(address).protocol === 'https:';

const logger = createLogger('organizations');

/** The public keys of an OpenID Connect issuer, fetched when a token needs them. */
export class IssuerKeys {
  private keys: Promise<RemoteKeys> | null = null;
  private failedAtMs = -Infinity;

  constructor(private readonly settings: IssuerSettings) {}

  /** The key that a token says it was signed with. @throws errors of jose about the token; any other error: the issuer is away */
  async keyOf(header: JWSHeaderParameters): Promise<CryptoKey> {
    this.keys ??= this.find().catch((error: unknown) => {
      this.keys = null;
      throw error;
    });
    const keys = await this.keys;
    return keys(header);
  }

  private async find(): Promise<RemoteKeys> {
    const url = new URL(this.settings.jwksUrl ?? (await this.discover()));
    return createRemoteJWKSet(url, {
      timeoutDuration: TIMEOUT_MS,
      cooldownDuration: this.settings.cooldownMs,
      cacheMaxAge: MAX_AGE_MS,
      [customFetch]: (address, init) => this.fetch(address, init),
    });
  }

  /** OpenID Connect Discovery 1.0. A document of another issuer says nothing about this one. */
  private async discover(): Promise<string> {
    const { issuer } = this.settings;
    const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const response = await this.fetch(address, { redirect: 'manual', signal: AbortSignal.timeout(TIMEOUT_MS) });
    const document = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown } | null;
    if (document?.issuer !== issuer || typeof document.jwks_uri !== 'string') {
      throw new Error(`The discovery document at ${address} is not that of the issuer ${issuer}, or names no keys.`);
    }
    const isDowngrade = isSecure(issuer) && !isSecure(document.jwks_uri);
    if (isDowngrade) throw new Error(`The keys of ${issuer} would come over plain HTTP, which anybody could answer.`);
    return document.jwks_uri;
  }

  private async fetch(address: string, init: RequestInit): Promise<Response> {
    const cooldownMs = Math.min(this.settings.cooldownMs, MAX_FAILURE_COOLDOWN_MS);
    if (performance.now() - this.failedAtMs < cooldownMs) throw new Error('The issuer was away a moment ago.');
    try {
      const response = await fetch(address, init);
      if (response.status !== 200) throw new Error(`The issuer answered ${response.status}.`);
      return response;
    } catch (error) {
      this.failedAtMs = performance.now();
      logger.warn({ event: 'token_issuer_unreachable', address, err: error });
      throw error;
    }
  }
}
