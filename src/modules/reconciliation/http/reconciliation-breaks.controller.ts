import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { normalizeText } from '../../../domain/text.js';
import {
  ApiPage,
  ApiProblems,
  CurrentPrincipal,
  IdempotencyKey,
  IdParam,
  OptionalOrganizationId,
  type Page,
  nameOfPrincipal,
  type Principal,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { ReconciliationQueries } from '../reconciliation.queries.js';
import { ReconciliationService } from '../reconciliation.service.js';
import {
  ASSIGN_BREAK_EXAMPLES,
  AssignBreakDto,
  BreaksQuery,
  ReconciliationBreakDto,
  reconciliationBreakDto,
  RESOLVE_BREAK_EXAMPLES,
  ResolveBreakDto,
} from './reconciliation-breaks.dto.js';

@ApiTags('Reconciliation')
@Controller('reconciliation/breaks')
export class ReconciliationBreaksController {
  constructor(
    private readonly reconciliation: ReconciliationService,
    private readonly queries: ReconciliationQueries,
  ) {}

  /** List breaks, newest first. An organization sees its own; an admin key that names none sees all, also those that are nobody's. */
  @Get()
  @Scopes('operator')
  @ApiPage(ReconciliationBreakDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(
    @OptionalOrganizationId() organizationId: string | null,
    @Query() query: BreaksQuery,
  ): Promise<Page<ReconciliationBreakDto>> {
    const { status, class: breakClass, rail } = query;
    const page = await this.queries.listBreaks({ organizationId, status, class: breakClass, rail }, query);
    return { ...page, data: page.data.map(reconciliationBreakDto) };
  }

  /** Read a break. */
  @Get(':id')
  @Scopes('operator')
  @ApiOkResponse({ type: ReconciliationBreakDto, description: 'The break as it is now.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(
    @OptionalOrganizationId() organizationId: string | null,
    @IdParam() id: string,
  ): Promise<ReconciliationBreakDto> {
    return reconciliationBreakDto(await this.queries.getBreak(organizationId, id));
  }

  /** Assign a break to somebody. May be done again, until it is resolved. */
  @Post(':id/assign')
  @HttpCode(200)
  @Scopes('operator')
  @ApiBody({ type: AssignBreakDto, examples: ASSIGN_BREAK_EXAMPLES })
  @ApiOkResponse({ type: ReconciliationBreakDto, description: 'The break, assigned.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 503)
  async assign(
    @OptionalOrganizationId() organizationId: string | null,
    @IdParam() id: string,
    @Body() { assignee }: AssignBreakDto,
  ): Promise<ReconciliationBreakDto> {
    return reconciliationBreakDto(await this.reconciliation.assign(organizationId, id, normalizeText(assignee)));
  }

  /**
   * Resolve a break
   *
   * For good. What the break put on suspense is moved in the same transaction, as ledger entries of the kind `correction` with the
   * break's id as reference.
   */
  @Post(':id/resolve')
  @HttpCode(200)
  @Scopes('operator')
  @ApiBody({ type: ResolveBreakDto, examples: RESOLVE_BREAK_EXAMPLES })
  @ApiOkResponse({ type: ReconciliationBreakDto, description: 'The break, resolved.' })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  resolve(
    @OptionalOrganizationId() organizationId: string | null,
    @CurrentPrincipal() principal: Principal,
    @IdempotencyKey() idempotencyKey: string | null,
    @IdParam() id: string,
    @Body() { resolution, note }: ResolveBreakDto,
  ): Promise<Reply> {
    const command = { organizationId, breakId: id, resolution, note: normalizeText(note) };
    return this.reconciliation.resolve(command, nameOfPrincipal(principal), idempotencyKey, (resolved) =>
      Reply.of(200, reconciliationBreakDto(resolved)),
    );
  }
}
