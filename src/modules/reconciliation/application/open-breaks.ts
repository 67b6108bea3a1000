import { Injectable } from '@nestjs/common';
import type { Tx } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import type { NewBreak } from '../domain/break.js';
import { BreakRepository, type OpenedBreak, type RepeatedFinding } from '../persistence/break.repository.js';

const logger = createLogger('reconciliation');

/** The one way a break comes to be. */
@Injectable()
export class OpenBreaks {
  constructor(private readonly breaks: BreakRepository) {}

  /** Opens what is not known yet; a finding that is, resolved or not, changes nothing. Waits for no break that exists. */
  async open(tx: Tx, found: readonly NewBreak[]): Promise<void> {
    tell(tx, await this.breaks.insert(tx, found));
  }

  /**
   * The same, and when it is found again in other words, those are noted on its break. Locks breaks: not for a transaction that holds
   * accounts.
   */
  async openOrNote(tx: Tx, found: readonly NewBreak[]): Promise<void> {
    await this.open(tx, found);
    await this.note(tx, found);
  }

  /** Notes on breaks what they do not tell yet. */
  async note(tx: Tx, findings: readonly RepeatedFinding[]): Promise<void> {
    for (const untold of await this.breaks.listUntold(tx, findings)) await this.breaks.note(tx, untold);
  }
}

function tell(tx: Tx, opened: readonly OpenedBreak[]): void {
  tx.afterCommit(() => {
    for (const { id, organizationId, rail, class: breakClass, source } of opened) {
      logger.warn({
        event: 'break_opened',
        break_id: id,
        organization_id: organizationId,
        rail,
        class: breakClass,
        source,
      });
    }
  });
}
