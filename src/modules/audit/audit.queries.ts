import { Injectable } from '@nestjs/common';
import { Database, ofOrganizationOrPlatform } from '../../platform/database/index.js';
import { type CreatedRange, type Page, type PageQuery } from '../../platform/http/index.js';
import { newestFirst } from '../../platform/http/newest-first.js';
import { VerifyChains, type Verification } from './application/verify-chains.js';
import type { AuditChain, AuditEntry } from './domain/audit-entry.js';
import { AuditLogRepository, type EntryFilter } from './persistence/audit-log.repository.js';

/** Null as an organization is the platform itself: what it did for nobody in particular, and who was refused without a name. */
@Injectable()
export class AuditQueries {
  constructor(
    private readonly database: Database,
    private readonly log: AuditLogRepository,
    private readonly chains: VerifyChains,
  ) {}

  async list(
    organizationId: string | null,
    filter: Omit<EntryFilter, 'from' | 'before'>,
    { from, before, idFrom, idBefore }: CreatedRange,
    page: PageQuery,
  ): Promise<Page<AuditEntry>> {
    const on = this.database.as(ofOrganizationOrPlatform(organizationId));
    return newestFirst(page, (limit, cursor) => {
      const beforeId = cursor === null || (idBefore !== null && idBefore < cursor) ? idBefore : cursor;
      return this.log.list(on, organizationId, { ...filter, from, before }, { limit, idFrom, beforeId });
    });
  }

  async verify(organizationId: string | null, chain: AuditChain | null): Promise<Verification> {
    return this.chains.verify(organizationId, chain);
  }
}
