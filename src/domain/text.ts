/*
 * Patterns for free text, as JSON Schema `pattern` strings; they need the `u` flag, which ajv sets by default. Ranges instead of
 * `\p{Cc}`: readers of the OpenAPI document that do not set it would take that for the letters p, C and c.
 * Control characters break files, logs and terminals; a lone surrogate is no character and PostgreSQL refuses it.
 * Both match in linear time: in NAME_PATTERN the first part takes only spaces, so where it ends is never a choice.
 */

/** Control characters (Cc: C0, DEL, C1) and surrogates (Cs), for inside of brackets. */
const NO_TEXT = '\\u0000-\\u001f\\u007f-\\u009f\\ud800-\\udfff';

/** Any text, also an empty one, without control characters (Cc) or lone surrogates (Cs). */
export const TEXT_PATTERN = `^[^${NO_TEXT}]*$`;

/** The same, with at least one character that is not a space. */
export const NAME_PATTERN = `^[^${NO_TEXT}\\S]*[^${NO_TEXT}\\s][^${NO_TEXT}]*$`;

/**
 * Unicode NFC, so that equal names compare equal and fingerprint alike however they were typed.
 * A few characters become longer (up to three times): check lengths on the result.
 */
export function normalizeText(text: string): string {
  return text.normalize('NFC');
}
