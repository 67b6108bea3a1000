import { Controller, Get, Query } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  createdRange,
  OptionalOrganizationId,
  type Page,
  Scopes,
} from '../../../platform/http/index.js';
import { AuditQueries } from '../audit.queries.js';
import {
  AuditEntryDto,
  auditEntryDto,
  AuditLogQuery,
  AuditVerificationDto,
  auditVerificationDto,
  VerifyAuditLogQuery,
} from './audit-log.dto.js';

@ApiTags('Audit log')
@Controller('audit-log')
export class AuditLogController {
  constructor(private readonly queries: AuditQueries) {}

  /**
   * List the entries of the audit log, newest first
   *
   * Every change of state (`chain` is `changes`), and every attempt at one that was refused (`refusals`, there a moment later). An admin
   * key that names no organization sees the platform's own log: rails, and callers whose key nobody knew.
   */
  @Get()
  @Scopes('audit-log:read')
  @ApiPage(AuditEntryDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(
    @OptionalOrganizationId() organizationId: string | null,
    @Query() query: AuditLogQuery,
  ): Promise<Page<AuditEntryDto>> {
    const filter = {
      action: query.action ?? null,
      actorId: query.actor_id ?? null,
      resourceType: query.resource_type ?? null,
      resourceId: query.resource_id ?? null,
      chain: query.chain ?? null,
      sequence: query.sequence ?? null,
    };
    const range = createdRange({ created_from: query.from, created_to: query.to });
    const page = await this.queries.list(organizationId, filter, range, query);
    return { ...page, data: page.data.map(auditEntryDto) };
  }

  /**
   * Verify the audit log
   *
   * Recomputes the hash chains from their first entry on and names the first entry that is not as it was written, is missing, or was put
   * in. That the end of a chain is the end it had before, only somebody outside of the database knows: every worker writes `audit_head`
   * events with `chain`, `sequence` and `hash` to its log. The entry of that `sequence` must have that `hash`.
   */
  @Get('verify')
  @Scopes('audit-log:read')
  @ApiOkResponse({ type: AuditVerificationDto, description: 'What was found, intact or not.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async verify(
    @OptionalOrganizationId() organizationId: string | null,
    @Query() { chain }: VerifyAuditLogQuery,
  ): Promise<AuditVerificationDto> {
    return auditVerificationDto(await this.queries.verify(organizationId, chain ?? null));
  }
}
