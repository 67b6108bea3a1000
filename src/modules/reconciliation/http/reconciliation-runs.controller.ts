import { Body, Controller, Get, HttpCode, Post, Query } from '@nestjs/common';
import { ApiAcceptedResponse, ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import {
  ApiPage,
  ApiProblems,
  IdempotencyKey,
  IdParam,
  OptionalOrganizationId,
  type Page,
  PageQuery,
  Scopes,
} from '../../../platform/http/index.js';
import { Reply } from '../../../platform/idempotency/index.js';
import { ReconciliationQueries } from '../reconciliation.queries.js';
import { ReconciliationService } from '../reconciliation.service.js';
import {
  ReconciliationRunDto,
  reconciliationRunDto,
  REQUEST_RUN_EXAMPLES,
  RequestRunDto,
  runPath,
} from './reconciliation-runs.dto.js';

@ApiTags('Reconciliation')
@Controller('reconciliation/runs')
export class ReconciliationRunsController {
  constructor(
    private readonly reconciliation: ReconciliationService,
    private readonly queries: ReconciliationQueries,
  ) {}

  /**
   * Compare a rail's statement with our books
   *
   * Fetches the statement of a period, holds it against transfers and ledger in both directions, and checks the books themselves. What
   * the rail says about open lines ends their doubt; everything else that differs opens a break for a person, once. A worker does it:
   * the answer is a run that is `running`, to be read at `Location`. Over the organization's own transfers; for an admin key that names
   * no organization, over everything.
   */
  @Post()
  @HttpCode(202)
  @Scopes('operator')
  @ApiBody({ type: RequestRunDto, examples: REQUEST_RUN_EXAMPLES })
  @ApiAcceptedResponse({
    type: ReconciliationRunDto,
    description: 'The run, under way.',
    headers: {
      Location: { description: 'Where the run can be read.', schema: { type: 'string' } },
      'Idempotent-Replayed': { description: '`true` when this repeats an earlier answer.', schema: { type: 'string' } },
    },
  })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  request(
    @OptionalOrganizationId() organizationId: string | null,
    @IdempotencyKey() idempotencyKey: string | null,
    @Body() { rail, from, to }: RequestRunDto,
  ): Promise<Reply> {
    const command = { organizationId, rail, from: new Date(from), to: new Date(to) };
    return this.reconciliation.requestRun(command, idempotencyKey, (run) =>
      Reply.of(202, reconciliationRunDto(run), runPath(run.id)),
    );
  }

  /** List reconciliation runs, newest first. An organization sees those over its own transfers only. */
  @Get()
  @Scopes('operator')
  @ApiPage(ReconciliationRunDto)
  @ApiProblems(400, 401, 403, 404, 503)
  async list(
    @OptionalOrganizationId() organizationId: string | null,
    @Query() query: PageQuery,
  ): Promise<Page<ReconciliationRunDto>> {
    const page = await this.queries.listRuns(organizationId, query);
    return { ...page, data: page.data.map(reconciliationRunDto) };
  }

  /** Read a reconciliation run. */
  @Get(':id')
  @Scopes('operator')
  @ApiOkResponse({ type: ReconciliationRunDto, description: 'The run as it is now.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(
    @OptionalOrganizationId() organizationId: string | null,
    @IdParam() id: string,
  ): Promise<ReconciliationRunDto> {
    return reconciliationRunDto(await this.queries.getRun(organizationId, id));
  }
}
