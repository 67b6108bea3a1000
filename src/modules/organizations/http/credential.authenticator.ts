import { createHash, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import {
  ADMIN_SCOPE,
  type Authentication,
  Authenticator,
  isToken,
  type Principal,
} from '../../../platform/http/index.js';
import { RecognizeKey } from '../application/recognize-key.js';
import { RecognizeToken } from '../application/recognize-token.js';
import { grantableScopes } from '../domain/scopes.js';
import { OrganizationsQueries } from '../organizations.queries.js';

const ADMIN: Principal = {
  kind: 'admin',
  keyId: null,
  organizationId: null,
  scopes: new Set([ADMIN_SCOPE]),
  actor: { kind: 'admin', id: 'admin', keyId: null },
  signingSecret: null,
};

/** The three kinds of credentials, told apart by their form: the configured admin key, keys of organizations, tokens of an issuer. */
@Injectable()
export class CredentialAuthenticator extends Authenticator {
  private readonly adminKeyHash: Buffer | null;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly keys: RecognizeKey,
    private readonly tokens: RecognizeToken,
    private readonly queries: OrganizationsQueries,
  ) {
    super();
    this.adminKeyHash = config.ADMIN_API_KEY === undefined ? null : sha256(config.ADMIN_API_KEY);
  }

  override async authenticate(presented: string): Promise<Authentication> {
    if (this.isAdminKey(presented)) return ADMIN;
    return isToken(presented) ? this.withToken(presented) : this.withKey(presented);
  }

  override async organizationExists(id: string): Promise<boolean> {
    return (await this.queries.find(id)) !== null;
  }

  private async withKey(text: string): Promise<Authentication> {
    const recognized = await this.keys.recognize(text);
    if ('refused' in recognized) return recognized;
    const { key, signingSecret } = recognized;
    return {
      kind: 'key',
      keyId: key.id,
      organizationId: key.organizationId,
      scopes: new Set(grantableScopes(key.scopes)),
      actor: { kind: 'key', id: key.lineageId, keyId: key.id },
      signingSecret,
    };
  }

  private async withToken(token: string): Promise<Authentication> {
    const recognized = await this.tokens.recognize(token);
    if ('refused' in recognized) return recognized;
    const { organizationId, grant } = recognized;
    return {
      kind: 'token',
      keyId: null,
      organizationId,
      scopes: new Set(grant.scopes),
      // Subjects are unique at their issuer only, and no URL has a space in it.
      actor: { kind: 'token', id: `${grant.issuer} ${grant.subject}`, keyId: null },
      signingSecret: null,
    };
  }

  /** Hashes have one length: comparing them tells nothing about the configured key, not even how long it is. */
  private isAdminKey(presented: string): boolean {
    return this.adminKeyHash !== null && timingSafeEqual(sha256(presented), this.adminKeyHash);
  }
}

const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
