/** Longer than the longest pause between two attempts nobody has to wait, whatever a receiver asks for. */
export const LONGEST_ASKED_PAUSE_MS = 86_400_000;

/** Up to a fifth. */
const JITTER = 0.2;

/**
 * A pause, and up to a fifth more, so that what failed together does not come back together.
 *
 * @param random in [0, 1)
 */
export const withJitter = (pauseMs: number, random: number): number => Math.floor(pauseMs * (1 + JITTER * random));
