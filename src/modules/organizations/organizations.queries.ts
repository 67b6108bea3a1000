import { Injectable } from '@nestjs/common';
import { notFound } from '../../domain/errors.js';
import type { Tx } from '../../platform/database/index.js';
import { isUuid } from '../../domain/ids.js';
import type { Page, PageQuery } from '../../platform/http/index.js';
import { newestFirst } from '../../platform/http/newest-first.js';
import type { ApiKey } from './domain/api-key.js';
import type { Organization } from './domain/organization.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';

@Injectable()
export class OrganizationsQueries {
  constructor(private readonly repository: OrganizationsRepository) {}

  async find(id: string): Promise<Organization | null> {
    return this.repository.find(id);
  }

  /** By its id or its slug. What has the form of an id is one: a slug that looks like another organization's id does not pass for it. */
  async findByName(name: string): Promise<Organization | null> {
    return isUuid(name) ? this.repository.find(name.toLowerCase()) : this.repository.findBySlug(name);
  }

  /** @param tx whoever has a transaction reads in it: waiting for another connection, many of them would wait for each other */
  async get(id: string, tx?: Tx): Promise<Organization> {
    const organization = await this.repository.find(id, tx);
    if (!organization) throw notFound('organization');
    return organization;
  }

  async list(page: PageQuery): Promise<Page<Organization>> {
    return newestFirst(page, (limit, beforeId) => this.repository.list(limit, beforeId));
  }

  /** @param tx as of {@link get} */
  async getApiKey(organizationId: string, id: string, tx?: Tx): Promise<ApiKey> {
    const key = await this.repository.findApiKey(organizationId, id, tx);
    if (!key) throw notFound('API key');
    return key;
  }

  async listApiKeys(organizationId: string, page: PageQuery): Promise<Page<ApiKey>> {
    await this.get(organizationId);
    return newestFirst(page, (limit, beforeId) => this.repository.listApiKeys(organizationId, limit, beforeId));
  }
}
