import { assertOneHandlerEach } from './consumer.js';

describe('a worker', () => {
  it('starts when every declared job has one handler', () => {
    expect(() => assertOneHandlerEach(['ask', 'pay'], ['pay', 'ask'])).not.toThrow();
  });

  it('refuses to start when a job has no handler: money would be left lying', () => {
    expect(() => assertOneHandlerEach(['pay'], ['pay', 'ask', 'stop'])).toThrow('No handler for the jobs: ask, stop');
  });

  it('refuses to start when a job has two', () => {
    expect(() => assertOneHandlerEach(['pay', 'ask', 'pay'], ['pay', 'ask'])).toThrow(
      'More than one handler for the jobs: pay',
    );
  });
});
