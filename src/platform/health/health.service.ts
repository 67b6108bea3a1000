import { type BeforeApplicationShutdown, Inject, Injectable } from '@nestjs/common';
import { within } from '../deadline.js';
import { createLogger } from '../logging/index.js';
import { Readiness, type ReadinessCheck } from './readiness.js';

const CHECK_TIMEOUT_MS = 2_000;

const logger = createLogger('health');

/** Names of the checks without which this kind of process cannot do its work. */
export const REQUIRED_CHECKS = Symbol('REQUIRED_CHECKS');

export interface HealthReport {
  readonly status: 'ready' | 'not_ready' | 'stopping';
  readonly checks: Readonly<Record<string, 'up' | 'down'>>;
}

@Injectable()
export class HealthService implements BeforeApplicationShutdown {
  private stopping = false;
  private readonly down = new Set<string>();

  constructor(
    private readonly readiness: Readiness,
    @Inject(REQUIRED_CHECKS) private readonly required: readonly string[],
  ) {}

  /** Whether this process should be given work. Asks everything, each with a bounded wait. */
  async report(): Promise<HealthReport> {
    const results = await Promise.all(
      this.readiness.checks.map(async (check) => [check.name, (await this.isUp(check)) ? 'up' : 'down'] as const),
    );
    const checks = Object.fromEntries(results);
    const ready = this.required.every((name) => checks[name] === 'up');
    return { status: this.stopping ? 'stopping' : ready ? 'ready' : 'not_ready', checks };
  }

  /** From here on, whoever balances the load sends no more. */
  beforeApplicationShutdown(): void {
    this.stopping = true;
  }

  private async isUp({ name, check }: ReadinessCheck): Promise<boolean> {
    try {
      await within(CHECK_TIMEOUT_MS, check);
      if (this.down.delete(name)) logger.info({ event: 'check_up', check: name });
      return true;
    } catch (error) {
      // Once for an outage, not once for a probe.
      if (!this.down.has(name)) logger.warn({ event: 'check_down', check: name, err: error });
      this.down.add(name);
      return false;
    }
  }
}
