import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, PlatformScope } from '../../../platform/http/index.js';
import { BulkRequestsService } from '../bulk-requests.service.js';
import { CompletionStepDto } from './bulk-requests.dto.js';

@ApiTags('Operations')
@Controller('internal/jobs')
export class BulkRequestJobsController {
  constructor(private readonly bulkRequests: BulkRequestsService) {}

  /**
   * Complete the next bulk request of which nothing is open, in this process
   *
   * Steps through bulk requests by hand, without a worker: of any organization, so only the platform may.
   */
  @Post('bulk-completions')
  @HttpCode(200)
  @PlatformScope()
  @ApiOkResponse({ type: CompletionStepDto, description: 'What was completed.' })
  @ApiProblems(401, 403, 503)
  async completeNext(): Promise<CompletionStepDto> {
    const step = await this.bulkRequests.completeNext();
    return { bulk_request_id: step?.bulkId ?? null, status: step?.status ?? null };
  }
}
