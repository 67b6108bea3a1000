/**
 * An address that can be mailed over the Internet, as a JSON Schema `pattern`: ASCII, and nothing in it needs quoting or could end a
 * header. Matches in linear time: a label of the domain cannot contain the dot that ends it.
 */
export const EMAIL_PATTERN = "^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]{1,63}([.][A-Za-z0-9-]{1,63}){1,8}$";

const EMAIL = new RegExp(EMAIL_PATTERN, 'u');

export const isEmail = (text: string): boolean => EMAIL.test(text);

/** Enough to recognize one's own, of no use to anybody else. */
export function maskEmail(address: string): string {
  const at = address.lastIndexOf('@');
  return `${address.slice(0, 1)}••••${address.slice(at)}`;
}
