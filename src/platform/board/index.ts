export { mountQueueBoard } from './queue-board.js';
