/*
 * Patterns for free text, as JSON Schema `pattern` strings; they need the `u` flag, which ajv sets by default.
 * Control characters break files, logs and terminals; a lone surrogate is no character and PostgreSQL refuses it.
 * Both match in linear time: in NAME_PATTERN the first part takes only spaces, so where it ends is never a choice.
 */

/** Any text, also an empty one, without control characters (Cc) or lone surrogates (Cs). */
export const TEXT_PATTERN = '^[^\\p{Cc}\\p{Cs}]*$';

/** The same, with at least one character that is not a space. */
export const NAME_PATTERN = '^[^\\p{Cc}\\p{Cs}\\S]*[^\\p{Cc}\\p{Cs}\\s][^\\p{Cc}\\p{Cs}]*$';

/**
 * Unicode NFC, so that equal names compare equal and fingerprint alike however they were typed.
 * A few characters become longer (up to three times): check lengths on the result.
 */
export function normalizeText(text: string): string {
  return text.normalize('NFC');
}
