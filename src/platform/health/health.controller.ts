import { Controller, Get, HttpStatus, Res } from '@nestjs/common';
import { ApiOkResponse, ApiServiceUnavailableResponse, ApiTags } from '@nestjs/swagger';
import type { FastifyReply } from 'fastify';
import { HealthDto, LivenessDto, ReadinessDto } from './health.dto.js';
import { type HealthReport, HealthService } from './health.service.js';
import { summaryOf } from './health-summary.js';

@ApiTags('Monitoring')
@Controller('health')
export class HealthController {
  constructor(private readonly health: HealthService) {}

  /** Health: readiness with version and uptime. */
  @Get()
  @ApiOkResponse({ type: HealthDto, description: 'Ready for requests.' })
  @ApiServiceUnavailableResponse({ type: HealthDto, description: 'Not ready for requests.' })
  async summary(@Res({ passthrough: true }) reply: FastifyReply): Promise<HealthDto> {
    return summaryOf(await this.report(reply));
  }

  /** Liveness: the process runs and answers. It asks nothing else, so an outage elsewhere never restarts it. */
  @Get('live')
  @ApiOkResponse({ type: LivenessDto, description: 'Alive.' })
  live(): LivenessDto {
    return { status: 'alive' };
  }

  /** Readiness: whether requests should come here. An API without Redis is ready, since it accepts without. */
  @Get('ready')
  @ApiOkResponse({ type: ReadinessDto, description: 'Ready for requests.' })
  @ApiServiceUnavailableResponse({ type: ReadinessDto, description: 'Not ready for requests.' })
  async ready(@Res({ passthrough: true }) reply: FastifyReply): Promise<ReadinessDto> {
    return this.report(reply);
  }

  private async report(reply: FastifyReply): Promise<HealthReport> {
    const report = await this.health.report();
    if (report.status !== 'ready') reply.code(HttpStatus.SERVICE_UNAVAILABLE);
    return report;
  }
}
