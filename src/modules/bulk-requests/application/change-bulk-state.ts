import { Injectable } from '@nestjs/common';
import { invariantViolated, notFound } from '../../../domain/errors.js';
import type { Tx } from '../../../platform/database/index.js';
import { IdempotencyService, type Reply } from '../../../platform/idempotency/index.js';
import { controlledNote } from '../domain/audit-note.js';
import type { BulkRequestStatus } from '../domain/bulk-request.state.js';
import { type ControlAction, decideControl } from '../domain/control.js';
import { BulkControlRepository } from '../persistence/bulk-control.repository.js';
import { DismissBulkRequest } from './dismiss-bulk-request.js';
import { RecordBulkChange } from './record-bulk-change.js';

/** Something asked of a whole bulk. */
export interface ControlCommand {
  readonly organizationId: string;
  readonly bulkId: string;
  readonly idempotencyKey: string | null;
}

/** Makes the answer under the bulk's lock. `from` is the state it was in; null when there was nothing to change. */
export type ControlAnswer = (tx: Tx, from: BulkRequestStatus | null) => Promise<Reply>;

/** What cancel, pause and resume have in common: once per key, the bulk's row first, the new state before anything else. */
@Injectable()
export class ChangeBulkState {
  constructor(
    private readonly idempotency: IdempotencyService,
    private readonly control: BulkControlRepository,
    private readonly dismissal: DismissBulkRequest,
    private readonly changes: RecordBulkChange,
  ) {}

  /** @throws not_found, invalid_state */
  run(action: ControlAction, command: ControlCommand, answer: ControlAnswer): Promise<Reply> {
    const { organizationId, bulkId, idempotencyKey } = command;
    const operation = `bulk-requests.${action}`;
    const request = { organizationId, operation, key: idempotencyKey, body: { bulk_request_id: bulkId } };
    return this.idempotency.run(request, async (tx) => answer(tx, await this.change(tx, action, command)));
  }

  private async change(
    tx: Tx,
    action: ControlAction,
    { organizationId, bulkId }: ControlCommand,
  ): Promise<BulkRequestStatus | null> {
    const bulk = await this.control.lock(tx, organizationId, bulkId);
    if (!bulk) throw notFound('bulk request');
    const to = decideControl(action, bulk);
    if (to === null) return null;
    if (to === 'cancelled') {
      await this.dismissal.dismiss(tx, bulkId, 'cancelled');
      return bulk.status;
    }
    if (!(await this.control.changeStatus(tx, bulkId, bulk.status, to))) {
      throw invariantViolated('a locked bulk request changed its state');
    }
    const change = { from: bulk.status, to };
    const told = { organizationId, id: bulkId };
    this.changes.changed(tx, told, controlledNote(told, action, change), { ...change, counts: null });
    return bulk.status;
  }
}
