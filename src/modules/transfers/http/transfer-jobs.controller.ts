import { Controller, HttpCode, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, PlatformScope } from '../../../platform/http/index.js';
import { TransfersService } from '../transfers.service.js';
import { StepDto } from './transfers.dto.js';

@ApiTags('Operations')
@Controller('internal/jobs')
export class TransferJobsController {
  constructor(private readonly transfers: TransfersService) {}

  /**
   * Execute the next due chunk in this process
   *
   * Steps through bulk requests by hand, without a worker: each call takes the next due chunk of any organization, pays its lines, and
   * says what happened. Only the platform may: whose turn it is, the engine decides.
   */
  @Post('transfers')
  @HttpCode(200)
  @PlatformScope()
  @ApiOkResponse({ type: StepDto, description: 'What was executed.' })
  @ApiProblems(401, 403)
  async executeNext(): Promise<StepDto> {
    const report = await this.transfers.executeNext();
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
