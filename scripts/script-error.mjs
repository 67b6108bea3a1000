/** Something the person at the terminal can act on. The message is one line; the stack would only hide it. */
export class ScriptError extends Error {}

/**
 * @param {unknown} error
 * @returns {string} one line
 */
export function oneLine(error) {
  if (error instanceof AggregateError && !error.message) return error.errors.map(oneLine).join('; ');
  const text = error instanceof Error ? error.message : String(error);
  return text.replace(/\s*\n\s*/g, ' ');
}
