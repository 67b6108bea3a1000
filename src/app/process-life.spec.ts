import { EventEmitter } from 'node:events';
import type { INestApplicationContext } from '@nestjs/common';
import { setLogLevel } from '../platform/logging/index.js';
import { startProcess, stopOnSignals } from './process-life.js';

let said: string;
let exits: unknown[];

beforeEach(() => {
  setLogLevel('silent');
  said = '';
  exits = [];
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  jest.spyOn(process, 'exit').mockImplementation(((code: unknown) => void exits.push(code)) as never);
});
afterEach(() => {
  jest.restoreAllMocks();
  jest.useRealTimers();
});

describe('a process that cannot start', () => {
  it('says why in one line, without a stack, and ends with 1', async () => {
    await startProcess(() => Promise.reject(new Error('Configuration is not usable: PORT: wrong;\nHOST: wrong')));
    expect(said).toBe('tranche: Configuration is not usable: PORT: wrong; HOST: wrong\n');
    expect(exits).toEqual([1]);
  });

  it('says nothing of a password that the reason quotes', async () => {
    await startProcess(() => Promise.reject(new Error('no answer from postgres://tranche:s3cr3t@db:5432/tranche')));
    expect(said).toBe('tranche: no answer from postgres://tranche:[redacted]@db:5432/tranche\n');
  });

  it('says nothing when it can', async () => {
    await startProcess(async () => undefined);
    expect([said, exits]).toEqual(['', []]);
  });
});

describe('a process that is told to stop', () => {
  it('lets Nest finish what is under way, and ends with 1 when that takes too long', () => {
    jest.useFakeTimers();
    const signals = new EventEmitter();
    jest.spyOn(process, 'once').mockImplementation((name, listener) => {
      signals.once(name, listener as () => void);
      return process;
    });
    const enableShutdownHooks = jest.fn();
    stopOnSignals({ enableShutdownHooks } as unknown as INestApplicationContext, 5_000);
    expect(enableShutdownHooks).toHaveBeenCalledWith(['SIGTERM', 'SIGINT'], { useProcessExit: true });
    signals.emit('SIGTERM', 'SIGTERM');
    jest.advanceTimersByTime(4_999);
    expect(exits).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(exits).toEqual([1]);
  });
});
