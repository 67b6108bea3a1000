import type { Principal } from './principal.js';

/** Who did something, for as long as it is remembered. Two are the same when kind and id are. */
export interface Actor {
  readonly kind: string;
  readonly id: string;
  /** The very key that was used; null for the platform's own from the configuration. */
  readonly keyId: string | null;
}

/** The one place that says who a principal is. */
export const actorOf = ({ kind, keyId }: Principal): Actor => ({ kind, id: keyId ?? kind, keyId });
