import { createHmac, randomBytes } from 'node:crypto';

const MAX_KNOWN = 10_000;
const KNOWN_FOR_MS = 3_600_000;

/**
 * Credentials that were good a moment ago, by a digest that means nothing outside this process. It never opens anything: it only says
 * that whoever sends them is not guessing.
 */
export class KnownCredentials {
  private readonly salt = randomBytes(32);
  private readonly known = new Map<string, number>();

  has(presented: string, nowMs: number): boolean {
    return (this.known.get(this.digest(presented)) ?? 0) > nowMs;
  }

  add(presented: string, nowMs: number): void {
    const digest = this.digest(presented);
    this.known.delete(digest);
    this.known.set(digest, nowMs + KNOWN_FOR_MS);
    if (this.known.size <= MAX_KNOWN) return;
    const [oldest] = this.known.keys();
    if (oldest !== undefined) this.known.delete(oldest);
  }

  delete(presented: string): void {
    this.known.delete(this.digest(presented));
  }

  private digest(presented: string): string {
    return createHmac('sha256', this.salt).update(presented).digest('base64');
  }
}
