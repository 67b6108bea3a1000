import { timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '../../../config/config.module.js';
import type { Config } from '../../../config/config.schema.js';
import { ADMIN_SCOPE, Authenticator, type Principal } from '../../../platform/http/index.js';
import { OrganizationsQueries } from '../organizations.queries.js';
import { hashKey, OrganizationsService } from '../organizations.service.js';

const ADMIN: Principal = { kind: 'admin', keyId: null, organizationId: null, scopes: new Set([ADMIN_SCOPE]) };

/** Asks the database each time, with nothing cached: a revoked key opens nothing from then on. */
@Injectable()
export class ApiKeyAuthenticator extends Authenticator {
  private readonly adminKeyHash: Buffer | null;

  constructor(
    @Inject(CONFIG) config: Config,
    private readonly organizations: OrganizationsService,
    private readonly queries: OrganizationsQueries,
  ) {
    super();
    this.adminKeyHash = config.ADMIN_API_KEY === undefined ? null : hashKey(config.ADMIN_API_KEY);
  }

  override async authenticate(presentedKey: string): Promise<Principal | null> {
    if (this.isAdminKey(presentedKey)) return ADMIN;
    const key = await this.organizations.authenticate(presentedKey);
    if (!key) return null;
    return { kind: 'key', keyId: key.id, organizationId: key.organizationId, scopes: new Set(key.scopes) };
  }

  override async organizationExists(id: string): Promise<boolean> {
    return (await this.queries.find(id)) !== null;
  }

  /** Hashes have one length: comparing them tells nothing about the configured key, not even how long it is. */
  private isAdminKey(presentedKey: string): boolean {
    return this.adminKeyHash !== null && timingSafeEqual(hashKey(presentedKey), this.adminKeyHash);
  }
}
