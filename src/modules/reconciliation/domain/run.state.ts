import { defineStates } from '../../../domain/states.js';

export type RunStatus = 'running' | 'completed' | 'failed';

/** A run that stays `running` because its worker died is taken up again by another. */
export const runStates = defineStates<RunStatus>({
  initial: 'running',
  transitions: {
    running: ['completed', 'failed'],
    completed: [],
    failed: [],
  },
  terminal: ['completed', 'failed'],
});
