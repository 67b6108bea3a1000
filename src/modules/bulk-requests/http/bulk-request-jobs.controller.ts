import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, OptionalOrganizationId, Scopes } from '../../../platform/http/index.js';
import { BulkRequestsService } from '../bulk-requests.service.js';
import { CompletionStepDto } from './bulk-requests.dto.js';

@ApiTags('Operations')
@Controller('internal/jobs')
export class BulkRequestJobsController {
  constructor(private readonly bulkRequests: BulkRequestsService) {}

  /**
   * Complete the next bulk request of which nothing is open, in this process
   *
   * Steps through bulk requests by hand, without a worker. The platform's own key takes anybody's, unless it names an organization.
   */
  @Post('bulk-completions')
  @HttpCode(200)
  @Scopes('operator')
  @ApiOkResponse({ type: CompletionStepDto, description: 'What was completed.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async completeNext(@OptionalOrganizationId() organizationId: string | null): Promise<CompletionStepDto> {
    const step = await this.bulkRequests.completeNext(organizationId);
    return { bulk_request_id: step?.bulkId ?? null, status: step?.status ?? null };
  }
}
