import { Injectable } from '@nestjs/common';
import { fieldErrors, notFound, stoppedByPlatform } from '../../../domain/errors.js';
import { normalizeText } from '../../../domain/text.js';
import { PLATFORM, type Tx, UnitOfWork } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import { Wake } from '../../../platform/queue/index.js';
import { AuditTrail } from '../../audit/index.js';
import { RAIL_NAMES } from '../../rails/index.js';
import { isTakenOver, type KillSwitch, type KillSwitchTarget, mayRelease } from '../domain/kill-switch.js';
import { KillSwitchRepository } from '../persistence/kill-switch.repository.js';

export interface SetKillSwitchCommand extends KillSwitchTarget {
  readonly engaged: boolean;
  readonly reason: string | null;
  /** The id of the API key that asks. */
  readonly by: string;
}

/** A lease is a few short statements: one that lasts longer belongs to a process that hangs, and would hold up everybody else's. */
const AWAIT_GRANTS_MS = 5_000;

const logger = createLogger('kill-switch');

/** Stops everything of a rail or of an organization from being submitted, and lets it go on. */
@Injectable()
export class SetKillSwitch {
  constructor(
    private readonly repository: KillSwitchRepository,
    private readonly unitOfWork: UnitOfWork,
    private readonly wake: Wake,
    private readonly audit: AuditTrail,
  ) {}

  /**
   * The switch as it is now; null when it is not engaged. Once this has returned one, no line outside the windows granted by then is
   * submitted.
   *
   * @throws not_found (no such rail), invalid_request (engaged without a reason), stopped_by_platform (released by somebody else), unavailable
   *   (engaged, but what was being granted before has not ended)
   */
  async set(command: SetKillSwitchCommand): Promise<KillSwitch | null> {
    const { scope, target, engaged, reason, by } = command;
    if (scope === 'rail' && !RAIL_NAMES.some((rail) => rail === target)) throw notFound('rail');
    if (!engaged) return this.release({ scope, target }, by);
    if (reason === null) throw reasonMissing();
    return this.engage({ scope, target, reason: normalizeText(reason), engagedBy: by });
  }

  /**
   * Two transactions. The first makes the switch work for whatever is granted from now on, even if the second has to give up waiting for
   * what was being granted already.
   */
  private async engage(asked: Omit<KillSwitch, 'engagedAt'>): Promise<KillSwitch> {
    const { killSwitch, isChanged } = await this.unitOfWork.run(PLATFORM, async (tx) => {
      const { killSwitch: found, isNew } = await this.repository.engage(tx, asked);
      const takesOver = !isNew && isTakenOver(found, asked.engagedBy);
      const isChanged = isNew || takesOver;
      if (isChanged) this.record(tx, 'kill_switch.engaged', asked, { reason: asked.reason, wasEngaged: takesOver });
      return { killSwitch: takesOver ? await this.repository.takeOver(tx, asked) : found, isChanged };
    });
    const { scope, target, engagedBy } = killSwitch;
    if (isChanged) logger.warn({ event: 'kill_switch_engaged', scope, target, engaged_by: engagedBy });
    await this.unitOfWork.run(PLATFORM, (tx) => this.repository.awaitGrants(tx, AWAIT_GRANTS_MS));
    return killSwitch;
  }

  private async release({ scope, target }: KillSwitchTarget, by: string): Promise<null> {
    const wasEngaged = await this.unitOfWork.run(PLATFORM, async (tx) => {
      const killSwitch = await this.repository.lock(tx, { scope, target });
      if (!killSwitch) return false;
      if (!mayRelease(killSwitch, by))
        throw stoppedByPlatform('The platform engaged this switch: only it releases it.');
      await this.repository.release(tx, { scope, target });
      this.record(tx, 'kill_switch.released', { scope, target }, { reason: null, wasEngaged: true });
      return true;
    });
    if (!wasEngaged) return null;
    logger.warn({ event: 'kill_switch_released', scope, target, released_by: by });
    this.wake.notify('chunks');
    return null;
  }

  /** A rail belongs to the platform. */
  private record(
    tx: Tx,
    action: 'kill_switch.engaged' | 'kill_switch.released',
    { scope, target }: KillSwitchTarget,
    { reason, wasEngaged }: { reason: string | null; wasEngaged: boolean },
  ): void {
    this.audit.record(tx, {
      organizationId: scope === 'organization' ? target : null,
      action,
      resource: { type: 'kill_switch', id: `${scope}/${target}` },
      reason,
      before: { engaged: wasEngaged },
      after: { engaged: action === 'kill_switch.engaged' },
    });
  }
}

const reasonMissing = () =>
  fieldErrors('invalid', [{ pointer: '/reason', code: 'required', detail: 'is required to engage a switch' }]);
