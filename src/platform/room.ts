import { DomainError } from '../domain/errors.js';

/**
 * Room for so many at a time, in this process, of something that takes long, or much memory. Whoever finds it full is told to come again:
 * in a queue they would all be waited for, also those who have gone.
 */
export class Room {
  private inside = 0;

  constructor(
    private readonly atOnce: number,
    private readonly retryAfterSeconds: number,
  ) {}

  /** @throws unavailable when it is full */
  async enter<T>(work: () => Promise<T>): Promise<T> {
    if (this.inside >= this.atOnce) {
      throw new DomainError('unavailable', 'unavailable', 'Too many requests of this kind are under way.', {
        retryAfterSeconds: this.retryAfterSeconds,
      });
    }
    this.inside += 1;
    try {
      return await work();
    } finally {
      this.inside -= 1;
    }
  }
}
