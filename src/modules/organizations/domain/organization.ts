/** A tenant. It owns accounts and API keys, and sees nothing of another one. */
export interface Organization {
  readonly id: string;
  readonly name: string;
  /** The name in addresses and logs: unique, never reused. */
  readonly slug: string;
  readonly createdAt: Date;
}

/** As a JSON Schema pattern: lower case letters and digits, single hyphens between them. */
export const SLUG_PATTERN = '^[a-z0-9](-?[a-z0-9])*$';
