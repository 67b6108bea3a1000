/** ISO 20022 BICFIDec2014Identifier: party prefix, country, party suffix, optional branch (ISO 9362:2014). */
export const BIC_PATTERN = '^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}([A-Z0-9]{3})?$';

const BIC = new RegExp(BIC_PATTERN);
const HEAD_OFFICE_LENGTH = 8;

export function isBic(text: string): boolean {
  return BIC.test(text);
}

/** Whether two BICs name the same office: eight characters mean the head office, which branch code XXX means too. */
export function sameBic(a: string, b: string): boolean {
  return withBranch(a) === withBranch(b);
}

const withBranch = (bic: string): string => (bic.length === HEAD_OFFICE_LENGTH ? `${bic}XXX` : bic);
