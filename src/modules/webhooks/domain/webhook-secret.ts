/** Whose secret: of an endpoint, or (null) the organization's own, that callback URLs are signed with. */
export interface SecretOwner {
  readonly organizationId: string;
  readonly endpointId: string | null;
}

export interface SecretTimes {
  readonly createdAt: Date;
  /** Until when it still signs beside its successor; null: it is the current one. */
  readonly expiresAt: Date | null;
}

/** Fills a buffer from a cryptographically secure source. */
export type FillRandom = (bytes: Uint8Array) => void;

const SECRET_BYTES = 32;

const fromSystem: FillRandom = (bytes) => void globalThis.crypto.getRandomValues(bytes);

/** A secret as Standard Webhooks has it: `whsec_` and 32 random bytes in Base64. */
export function newSecret(fillRandom: FillRandom = fromSystem): string {
  const bytes = new Uint8Array(SECRET_BYTES);
  fillRandom(bytes);
  return `whsec_${globalThis.btoa(String.fromCharCode(...bytes))}`;
}
