import { Injectable } from '@nestjs/common';

/** Something a process wants to reach. */
export interface ReadinessCheck {
  /** As the answer names it. */
  readonly name: string;
  /** @throws when it is not there */
  readonly check: () => Promise<void>;
}

/** What readiness asks. Whoever owns a connection adds its check. */
@Injectable()
export class Readiness {
  private readonly added: ReadinessCheck[] = [];

  add(check: ReadinessCheck): void {
    this.added.push(check);
  }

  get checks(): readonly ReadinessCheck[] {
    return this.added;
  }
}
