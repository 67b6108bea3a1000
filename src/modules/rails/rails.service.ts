import { Inject, Injectable } from '@nestjs/common';
import { invariantViolated } from '../../domain/errors.js';
import { HttpRail } from './adapters/http.rail.js';
import { SandboxRail } from './adapters/sandbox.rail.js';
import { BOOK, type Rail } from './domain/rail.js';

/** The rails this process can reach. */
@Injectable()
export class RailsService {
  private readonly rails: ReadonlyMap<string, Rail>;

  constructor(sandbox: SandboxRail, @Inject(HttpRail) http: HttpRail | null) {
    this.rails = new Map([sandbox, http].flatMap((rail): [string, Rail][] => (rail ? [[rail.name, rail]] : [])));
  }

  /** Those with an adapter: all but `book`. */
  all(): readonly Rail[] {
    return [...this.rails.values()];
  }

  /** Whether payments can go over it: `http` only where a bank is configured. */
  has(name: string): boolean {
    return name === BOOK || this.rails.has(name);
  }

  /** The adapter of a rail; `book` has none. */
  get(name: string): Rail {
    const rail = this.rails.get(name);
    if (!rail) throw invariantViolated(`no adapter for the rail ${name}`);
    return rail;
  }

  /** Whether what it settled can be taken back by another payment. */
  canReverse(name: string): boolean {
    return name === BOOK || this.rails.get(name)?.traits.reverses === true;
  }
}
