import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, OptionalOrganizationId, Scopes } from '../../../platform/http/index.js';
import { TransfersService } from '../transfers.service.js';
import { StepDto } from './transfers.dto.js';

@ApiTags('Operations')
@Controller('internal/jobs')
export class TransferJobsController {
  constructor(private readonly transfers: TransfersService) {}

  /**
   * Execute the next due chunk in this process
   *
   * Steps through bulk requests by hand, without a worker: each call takes the next due chunk of the organization, pays its lines,
   * and says what happened. The platform's own key takes anybody's, unless it names one.
   */
  @Post('transfers')
  @HttpCode(200)
  @Scopes('operator')
  @ApiOkResponse({ type: StepDto, description: 'What was executed.' })
  @ApiProblems(400, 401, 403, 404)
  async executeNext(@OptionalOrganizationId() organizationId: string | null): Promise<StepDto> {
    const report = await this.transfers.executeNext(organizationId);
    if (!report) return { chunk: null };
    return {
      chunk: {
        chunk_id: report.chunkId,
        bulk_request_id: report.bulkId,
        ended: report.ended,
        purpose: report.purpose,
        rail: report.rail,
        lines: report.lines,
        moved_to: { ...report.movedTo },
      },
    };
  }
}
