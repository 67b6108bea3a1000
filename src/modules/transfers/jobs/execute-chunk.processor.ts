import { Processor } from '@nestjs/bullmq';
import { Injectable } from '@nestjs/common';
import { JobHandler, OutboxAcknowledger } from '../../../platform/queue/index.js';
import { ExecuteChunk } from '../application/execute-chunk.js';
import { executeChunkJobs } from '../transfers.jobs.js';

@Injectable()
abstract class ExecuteChunkProcessor extends JobHandler<{ chunkId: string }> {
  constructor(
    outbox: OutboxAcknowledger,
    private readonly executeChunk: ExecuteChunk,
  ) {
    super(outbox);
  }

  protected override async handle(organizationId: string, ids: { chunkId: string }): Promise<void> {
    await this.executeChunk.execute(organizationId, ids.chunkId);
  }
}

/** Chunks of the sandbox rail. */
@Processor(executeChunkJobs.sandbox.name)
export class ExecuteSandboxChunkProcessor extends ExecuteChunkProcessor {}

/** Chunks of the bank's rail. */
@Processor(executeChunkJobs.http.name)
export class ExecuteHttpChunkProcessor extends ExecuteChunkProcessor {}

/** Chunks of the book rail. */
@Processor(executeChunkJobs.book.name)
export class ExecuteBookChunkProcessor extends ExecuteChunkProcessor {}
