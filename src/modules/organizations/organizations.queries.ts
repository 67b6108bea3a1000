import { Injectable } from '@nestjs/common';
import { notFound } from '../../domain/errors.js';
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

  async get(id: string): Promise<Organization> {
    const organization = await this.find(id);
    if (!organization) throw notFound('organization');
    return organization;
  }

  async list(page: PageQuery): Promise<Page<Organization>> {
    return newestFirst(page, (limit, beforeId) => this.repository.list(limit, beforeId));
  }

  async getApiKey(organizationId: string, id: string): Promise<ApiKey> {
    const key = await this.repository.findApiKey(organizationId, id);
    if (!key) throw notFound('API key');
    return key;
  }

  async listApiKeys(organizationId: string, page: PageQuery): Promise<Page<ApiKey>> {
    await this.get(organizationId);
    return newestFirst(page, (limit, beforeId) => this.repository.listApiKeys(organizationId, limit, beforeId));
  }
}
