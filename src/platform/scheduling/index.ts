export { type Loop, Loops } from './loops.js';
export { SchedulingModule } from './scheduling.module.js';
