import { defineStates } from '../../../domain/states.js';

export type BreakStatus = 'open' | 'assigned' | 'resolved';

/** Only a person resolves a break; what a rail says later is noted on it. */
export const breakStates = defineStates<BreakStatus>({
  initial: 'open',
  transitions: {
    open: ['assigned', 'resolved'],
    assigned: ['resolved'],
    resolved: [],
  },
  terminal: ['resolved'],
});
