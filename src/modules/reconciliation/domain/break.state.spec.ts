import { breakStates } from './break.state.js';
import { runStates } from './run.state.js';

it('a break is resolved once, from wherever it is', () => {
  expect(breakStates.sourcesOf('resolved')).toEqual(['open', 'assigned']);
  expect(breakStates.isTerminal('resolved')).toBe(true);
});

it('a run ends once', () => {
  expect(runStates.sourcesOf('completed')).toEqual(['running']);
  expect(runStates.sourcesOf('failed')).toEqual(['running']);
});
