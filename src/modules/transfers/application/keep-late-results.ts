import { Injectable } from '@nestjs/common';
import { railReference } from '../../../domain/ids.js';
import { Database, DISCOVERY } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import type { EvidenceStatus } from '../domain/decide-evidence.js';
import type { Move } from '../domain/line.js';
import type { LeasedChunk } from '../persistence/chunk.repository.js';
import { EvidenceRepository, type NewEvidence } from '../persistence/evidence.repository.js';
import { TransfersMetrics } from '../transfers.metrics.js';

const EVIDENCE: Readonly<Partial<Record<string, EvidenceStatus>>> = {
  settled: 'settled',
  failed: 'rejected',
  submitted: 'accepted',
};

const logger = createLogger('engine');

/** What a worker learned after it had lost its lease is evidence, never written over what was decided meanwhile. */
@Injectable()
export class KeepLateResults {
  constructor(
    private readonly database: Database,
    private readonly evidence: EvidenceRepository,
    private readonly wake: Wake,
    private readonly metrics: TransfersMetrics,
  ) {}

  async keep(chunk: LeasedChunk, moves: readonly Move[]): Promise<void> {
    const items = moves.flatMap((move) => evidenceOf(chunk, move) ?? []);
    await this.evidence.insert(this.database.as(DISCOVERY), items);
    logger.warn({ event: 'lease_lost', chunk_id: chunk.id, lines: moves.length, kept_as_evidence: items.length });
    this.metrics.leaseLost(chunk.rail, 'late_result');
    this.wake.notify('evidence');
  }
}

function evidenceOf(chunk: LeasedChunk, move: Move): NewEvidence | null {
  const status = EVIDENCE[move.to];
  // A line the engine gave up on by itself was not rejected by anybody.
  if (!status || move.code === 'attempts_exhausted') return null;
  return {
    rail: chunk.rail,
    reference: railReference(move.line.id),
    transferId: move.line.id,
    source: 'late_result',
    status,
    reasonCode: move.code,
    railId: move.railId,
  };
}
