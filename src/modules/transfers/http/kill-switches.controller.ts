import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiParam, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  CurrentPrincipal,
  OptionalOrganizationId,
  OrganizationId,
  type Page,
  PageQuery,
  PlatformScope,
  nameOfPrincipal,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { RAIL_NAMES } from '../../rails/index.js';
import { SetKillSwitch } from '../application/set-kill-switch.js';
import type { KillSwitchTarget } from '../domain/kill-switch.js';
import { KillSwitchesQueries } from '../kill-switches.queries.js';
import { KillSwitchDto, killSwitchDto, SET_KILL_SWITCH_EXAMPLES, SetKillSwitchDto } from './kill-switches.dto.js';

@ApiTags('Operations')
@Controller('kill-switches')
export class KillSwitchesController {
  constructor(
    private readonly killSwitches: SetKillSwitch,
    private readonly queries: KillSwitchesQueries,
  ) {}

  /**
   * List the engaged kill switches
   *
   * Those of rails, and that of the organization; an admin key that names no organization sees all.
   */
  @Get()
  @Scopes('operator')
  @ApiPage(KillSwitchDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(
    @OptionalOrganizationId() organizationId: string | null,
    @Query() query: PageQuery,
  ): Promise<Page<KillSwitchDto>> {
    const page = await this.queries.list(organizationId, query);
    return { ...page, data: page.data.map((killSwitch) => killSwitchDto(killSwitch, killSwitch)) };
  }

  /**
   * Engage or release the kill switch of a rail
   *
   * Once this has answered `engaged: true`, no line is submitted on this rail outside the windows that workers were granted before. Lines
   * already handed over are still asked about and end; bulk requests are accepted, reserve their money and wait; stopped ones are
   * cancelled. Asking for what is already so changes nothing. 503: ask again; the switch may be engaged already.
   */
  @Put('rails/:rail')
  @PlatformScope()
  @ApiParam({ name: 'rail', description: 'The name of the rail.', schema: { type: 'string', enum: [...RAIL_NAMES] } })
  @ApiBody({ type: SetKillSwitchDto, examples: SET_KILL_SWITCH_EXAMPLES })
  @ApiOkResponse({ type: KillSwitchDto, description: 'The switch as it is now.' })
  @ApiProblems(400, 401, 403, 404, 413, 415, 503)
  setOfRail(
    @Param('rail') rail: string,
    @CurrentPrincipal() principal: Principal,
    @Body() body: SetKillSwitchDto,
  ): Promise<KillSwitchDto> {
    return this.set({ scope: 'rail', target: rail }, principal, body);
  }

  /**
   * Engage or release the kill switch of the organization
   *
   * The same for everything the organization pays, on whatever rail. What the platform has engaged, only the platform releases (403
   * `stopped_by_platform`); it takes over a switch that the organization engaged.
   */
  @Put('organization')
  @Scopes('operator')
  @ApiBody({ type: SetKillSwitchDto, examples: SET_KILL_SWITCH_EXAMPLES })
  @ApiOkResponse({ type: KillSwitchDto, description: 'The switch as it is now.' })
  @ApiProblems(400, 401, 403, 404, 413, 415, 503)
  setOfOrganization(
    @OrganizationId() organizationId: string,
    @CurrentPrincipal() principal: Principal,
    @Body() body: SetKillSwitchDto,
  ): Promise<KillSwitchDto> {
    return this.set({ scope: 'organization', target: organizationId }, principal, body);
  }

  private async set(
    target: KillSwitchTarget,
    principal: Principal,
    { engaged, reason = null }: SetKillSwitchDto,
  ): Promise<KillSwitchDto> {
    return killSwitchDto(
      target,
      await this.killSwitches.set({ ...target, engaged, reason, by: nameOfPrincipal(principal) }),
    );
  }
}
