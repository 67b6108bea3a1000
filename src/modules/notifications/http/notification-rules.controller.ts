import { Body, Controller, Delete, Get, HttpCode, Patch, Post, Query } from '@nestjs/common';
import { ApiBody, ApiCreatedResponse, ApiNoContentResponse, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  IdempotencyKey,
  IdParam,
  OrganizationId,
  type Page,
  PageQuery,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { ChangeRules } from '../application/change-rules.js';
import { NotificationsQueries } from '../notifications.queries.js';
import {
  CHANGE_RULE_EXAMPLES,
  ChangeNotificationRuleDto,
  CREATE_RULE_EXAMPLES,
  CreateNotificationRuleDto,
  NotificationRuleDto,
  notificationRuleDto,
} from './notification-rules.dto.js';

@ApiTags('Notifications')
@Controller('notification-rules')
export class NotificationRulesController {
  constructor(
    private readonly rules: ChangeRules,
    private readonly queries: NotificationsQueries,
  ) {}

  /**
   * Create a rule: which events a channel is told of
   *
   * It holds for what happens from now on. Events of single lines are gathered: one notification for each rule, bulk request and outcome,
   * however many lines. 100 for an organization at most.
   */
  @Post()
  @Scopes('notifications:write')
  @ApiBody({ type: CreateNotificationRuleDto, examples: CREATE_RULE_EXAMPLES })
  @ApiCreatedResponse({ type: NotificationRuleDto, description: 'The rule, created.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  create(
    @OrganizationId() organizationId: string,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() body: CreateNotificationRuleDto,
  ): Promise<Reply> {
    const { channel_id: channelId, types, minimum_severity: minimumSeverity = 'info', enabled = true } = body;
    const command = { organizationId, channelId, types, minimumSeverity, enabled };
    return this.rules.create(command, idempotencyKey, (rule) =>
      Reply.of(201, notificationRuleDto(rule), `/api/v1/notification-rules/${rule.id}`),
    );
  }

  /** List rules, newest first. */
  @Get()
  @Scopes('notifications:read')
  @ApiPage(NotificationRuleDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(@OrganizationId() organizationId: string, @Query() query: PageQuery): Promise<Page<NotificationRuleDto>> {
    const page = await this.queries.listRules(organizationId, query);
    return { ...page, data: page.data.map(notificationRuleDto) };
  }

  /** Read a rule. */
  @Get(':id')
  @Scopes('notifications:read')
  @ApiOkResponse({ type: NotificationRuleDto, description: 'The rule.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string, @IdParam() id: string): Promise<NotificationRuleDto> {
    return notificationRuleDto(await this.queries.getRule(organizationId, id));
  }

  /** Change a rule: which events, or whether it holds. Its channel stays. */
  @Patch(':id')
  @Scopes('notifications:write')
  @ApiBody({ type: ChangeNotificationRuleDto, examples: CHANGE_RULE_EXAMPLES })
  @ApiOkResponse({ type: NotificationRuleDto, description: 'The rule as it is now.' })
  @ApiProblems(400, 401, 403, 404, 413, 415, 503)
  async change(
    @OrganizationId() organizationId: string,
    @IdParam() ruleId: string,
    @Body() { types, minimum_severity: minimumSeverity, enabled }: ChangeNotificationRuleDto,
  ): Promise<NotificationRuleDto> {
    return notificationRuleDto(await this.rules.change({ organizationId, ruleId, types, minimumSeverity, enabled }));
  }

  /** Delete a rule. What it has made already is still sent. */
  @Delete(':id')
  @HttpCode(204)
  @Scopes('notifications:write')
  @ApiNoContentResponse({ description: 'The rule is gone.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async delete(@OrganizationId() organizationId: string, @IdParam() ruleId: string): Promise<void> {
    await this.rules.delete(organizationId, ruleId);
  }
}
