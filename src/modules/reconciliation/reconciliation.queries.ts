import { Injectable } from '@nestjs/common';
import { notFound } from '../../domain/errors.js';
import { Database, ofOrganizationOrPlatform, type Queryable } from '../../platform/database/index.js';
import { newestFirst, type Page, type PageQuery } from '../../platform/http/index.js';
import type { Break } from './domain/break.js';
import type { Run } from './domain/run.js';
import { type BreakFilter, BreakRepository } from './persistence/break.repository.js';
import { RunRepository } from './persistence/run.repository.js';

/** An `organizationId` of null is the platform, which sees everything, also what is nobody's. */
@Injectable()
export class ReconciliationQueries {
  constructor(
    private readonly database: Database,
    private readonly runs: RunRepository,
    private readonly breaks: BreakRepository,
  ) {}

  async getRun(organizationId: string | null, id: string): Promise<Run> {
    const run = await this.runs.find(this.on(organizationId), organizationId, id);
    if (!run) throw notFound('reconciliation run');
    return run;
  }

  async listRuns(organizationId: string | null, page: PageQuery): Promise<Page<Run>> {
    const on = this.on(organizationId);
    return newestFirst(page, (limit, beforeId) => this.runs.list(on, organizationId, limit, beforeId));
  }

  async getBreak(organizationId: string | null, id: string): Promise<Break> {
    const found = await this.breaks.find(this.on(organizationId), organizationId, id);
    if (!found) throw notFound('reconciliation break');
    return found;
  }

  async listBreaks(filter: BreakFilter, page: PageQuery): Promise<Page<Break>> {
    const on = this.on(filter.organizationId);
    return newestFirst(page, (limit, beforeId) => this.breaks.list(on, filter, limit, beforeId));
  }

  private on(organizationId: string | null): Queryable {
    return this.database.as(ofOrganizationOrPlatform(organizationId));
  }
}
