/** What the receiving side of a book transfer was credited, as the digest in its audit log covers it. */
export interface DeliveredLine {
  readonly transferId: string;
  /** The account the money is on now. */
  readonly accountId: string;
  readonly amountMinor: bigint;
}

/** `transfer id|account id|minor units` and a line feed. */
export const textOfDelivered = ({ transferId, accountId, amountMinor }: DeliveredLine): string =>
  `${transferId}|${accountId}|${amountMinor}\n`;

export const totalOf = (lines: readonly DeliveredLine[]): bigint =>
  lines.reduce((sum, { amountMinor }) => sum + amountMinor, 0n);
