import { Injectable } from '@nestjs/common';
import { invariantViolated } from '../../domain/errors.js';
import type { Queryable } from '../../platform/database/index.js';
import type { LineDetail } from './domain/event.js';

/** A line by its position in its bulk request. */
export interface LinePlace {
  readonly bulkId: string;
  readonly line: number;
}

/** Looks up lines of bulk requests of one organization: all of a page at once. */
export type FindLines = (
  on: Queryable,
  organizationId: string,
  places: readonly LinePlace[],
) => Promise<readonly (LineDetail & LinePlace)[]>;

/** Who knows the lines that blocks of events are about: the log keeps their positions only. */
@Injectable()
export class EventLines {
  private finder: FindLines | undefined;

  /** Called once, by the module that owns the lines. */
  provide(finder: FindLines): void {
    this.finder = finder;
  }

  /** @returns what answers where a line is looked for; none may be missing */
  async find(...[on, organizationId, places]: Parameters<FindLines>): Promise<(place: LinePlace) => LineDetail> {
    if (places.length === 0) return (place) => missing(place);
    if (!this.finder) throw invariantViolated('nobody knows the lines of events');
    const found = await this.finder(on, organizationId, places);
    const details = new Map(found.map((detail) => [keyOf(detail), detail]));
    return (place) => details.get(keyOf(place)) ?? missing(place);
  }
}

const keyOf = ({ bulkId, line }: LinePlace): string => `${bulkId} ${line}`;

function missing({ bulkId, line }: LinePlace): never {
  throw invariantViolated(`line ${line} of ${bulkId}, of which there is an event, is not there`);
}
