/** What happens to a line that looks like one paid before, strictest last: it is told, waits for an approval, or is refused. */
export const DUPLICATE_POLICIES = ['warn', 'hold', 'block'] as const;
export type DuplicatePolicy = (typeof DUPLICATE_POLICIES)[number];
