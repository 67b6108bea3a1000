import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import { ApiCreatedResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  IdempotencyKey,
  IdParam,
  type Page,
  PageQuery,
  PlatformScope,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { OrganizationsQueries } from '../organizations.queries.js';
import { OrganizationsService } from '../organizations.service.js';
import { CreateOrganizationDto, OrganizationDto, organizationDto } from './organizations.dto.js';

@ApiTags('Organizations')
@Controller('organizations')
export class OrganizationsController {
  constructor(
    private readonly organizations: OrganizationsService,
    private readonly queries: OrganizationsQueries,
  ) {}

  /** Create an organization. It starts empty: its accounts and API keys are created next. */
  @Post()
  @PlatformScope()
  @ApiCreatedResponse({ type: OrganizationDto, description: 'The organization, created.' })
  @ApiProblems(400, 401, 403, 409, 413, 415, 422, 503)
  create(@IdempotencyKey() idempotencyKey: string | null, @Body() body: CreateOrganizationDto): Promise<Reply> {
    return this.organizations.create(body, idempotencyKey, (organization) =>
      Reply.of(201, organizationDto(organization), `/api/v1/organizations/${organization.id}`),
    );
  }

  /** List organizations, newest first. */
  @Get()
  @PlatformScope()
  @ApiPage(OrganizationDto)
  @ApiProblems(400, 401, 403, 503)
  async list(@Query() query: PageQuery): Promise<Page<OrganizationDto>> {
    const page = await this.queries.list(query);
    return { ...page, data: page.data.map(organizationDto) };
  }

  /** Get an organization. */
  @Get(':id')
  @PlatformScope()
  @ApiOkResponse({ type: OrganizationDto, description: 'The organization.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@IdParam() id: string): Promise<OrganizationDto> {
    return organizationDto(await this.queries.get(id));
  }
}
