import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../domain/errors.js';
import { SandboxRail } from './adapters/sandbox.rail.js';
import type { Rail } from './domain/rail.js';

/** The rails this process can reach. */
@Injectable()
export class RailsService {
  private readonly rails: ReadonlyMap<string, Rail>;

  constructor(sandbox: SandboxRail) {
    this.rails = new Map([[sandbox.name, sandbox]]);
  }

  all(): readonly Rail[] {
    return [...this.rails.values()];
  }

  /** The adapter of a rail; `book` has none. */
  get(name: string): Rail {
    const rail = this.rails.get(name);
    if (!rail) throw invariantViolated(`no adapter for the rail ${name}`);
    return rail;
  }
}
