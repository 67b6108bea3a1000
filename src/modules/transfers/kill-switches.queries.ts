import { Injectable } from '@nestjs/common';
import { decodeCursor, encodeCursor, type Page, pageOf, type PageQuery } from '../../platform/http/index.js';
import type { KillSwitch, KillSwitchScope } from './domain/kill-switch.js';
import { KillSwitchRepository } from './persistence/kill-switch.repository.js';

@Injectable()
export class KillSwitchesQueries {
  constructor(private readonly repository: KillSwitchRepository) {}

  /**
   * The engaged switches of rails, and of one organization or of all.
   *
   * @throws invalid_cursor
   */
  async list(organizationId: string | null, { limit, cursor }: PageQuery): Promise<Page<KillSwitch>> {
    const [scope, target] = cursor === undefined ? [] : decodeCursor(cursor, ['string', 'string']);
    const after = scope === undefined || target === undefined ? null : { scope: scope as KillSwitchScope, target };
    const rows = await this.repository.list(organizationId, { limit: limit + 1, after });
    return pageOf(rows, limit, (last) => encodeCursor([last.scope, last.target]));
  }
}
