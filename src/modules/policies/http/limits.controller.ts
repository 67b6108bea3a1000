import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, IdParam, OrganizationId, PlatformScope, Scopes } from '../../../platform/http/index.js';
import { OrganizationsQueries } from '../../organizations/index.js';
import { PoliciesQueries } from '../policies.queries.js';
import { PoliciesService } from '../policies.service.js';
import { LimitsDto, limitsDto, SET_LIMITS_EXAMPLES, SetLimitsDto } from './limits.dto.js';

@ApiTags('Policies')
@Controller('organizations/:organization_id/limits')
export class LimitsController {
  constructor(
    private readonly policies: PoliciesService,
    private readonly queries: PoliciesQueries,
    private readonly organizations: OrganizationsQueries,
  ) {}

  /** Read the limits of an organization */
  @Get()
  @PlatformScope()
  @ApiOkResponse({ type: LimitsDto, description: 'All limits; version 0 when none were set.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@IdParam('organization_id') organizationId: string): Promise<LimitsDto> {
    await this.organizations.get(organizationId);
    return limitsDto(await this.queries.getLimits(organizationId));
  }

  /**
   * Set the limits of an organization
   *
   * Replaces them all, if they still are of the version sent. A limit for a day counts what was accepted since midnight UTC, also before
   * it was set. What is cancelled, rejected or fails stays counted for its day.
   */
  @Put()
  @PlatformScope()
  @ApiBody({ type: SetLimitsDto, examples: SET_LIMITS_EXAMPLES })
  @ApiOkResponse({ type: LimitsDto, description: 'The limits, set. They hold for what is submitted from now on.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  async set(@IdParam('organization_id') organizationId: string, @Body() body: SetLimitsDto): Promise<LimitsDto> {
    return limitsDto(await this.policies.setLimits({ organizationId, ...body }));
  }
}

@ApiTags('Policies')
@Controller('limits')
export class OwnLimitsController {
  constructor(private readonly queries: PoliciesQueries) {}

  /** Read the limits your bulk requests are held against */
  @Get()
  @Scopes('policies:read')
  @ApiOkResponse({ type: LimitsDto, description: 'All limits; version 0 when none were set.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string): Promise<LimitsDto> {
    return limitsDto(await this.queries.getLimits(organizationId));
  }
}
