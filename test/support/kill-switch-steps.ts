import type { INestApplicationContext } from '@nestjs/common';
import { SetKillSwitch } from '../../src/modules/transfers/application/set-kill-switch.js';
import type { KillSwitch, KillSwitchTarget } from '../../src/modules/transfers/domain/kill-switch.js';
import { KillSwitchRepository } from '../../src/modules/transfers/persistence/kill-switch.repository.js';

export function setSwitch(
  app: INestApplicationContext,
  target: KillSwitchTarget,
  engaged: boolean,
  reason: string | null,
  by = 'admin',
): Promise<KillSwitch | null> {
  return app.get(SetKillSwitch, { strict: false }).set({ ...target, engaged, reason, by });
}

export function engageSwitch(app: INestApplicationContext, target: KillSwitchTarget): Promise<KillSwitch | null> {
  return setSwitch(app, target, true, 'Test');
}

export function releaseSwitch(app: INestApplicationContext, target: KillSwitchTarget): Promise<KillSwitch | null> {
  return setSwitch(app, target, false, null);
}

/** Of whatever organization and rail. */
export async function releaseAll(app: INestApplicationContext): Promise<void> {
  for (const target of await app.get(KillSwitchRepository, { strict: false }).targets()) {
    await releaseSwitch(app, target);
  }
}
