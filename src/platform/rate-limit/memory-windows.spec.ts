import { MemoryWindows } from './memory-windows.js';

describe('MemoryWindows', () => {
  it('counts each name for itself, until the window ends', () => {
    const windows = new MemoryWindows(60_000, 10);
    expect(windows.take('a', 60_000)).toEqual({ used: 1, resetMs: 60_000 });
    expect(windows.take('a', 119_999)).toEqual({ used: 2, resetMs: 1 });
    expect(windows.take('b', 119_999)).toEqual({ used: 1, resetMs: 1 });
    expect(windows.take('a', 120_000)).toEqual({ used: 1, resetMs: 60_000 });
  });

  it('holds no more names than it may: those beyond share one count', () => {
    const windows = new MemoryWindows(60_000, 2);
    for (let i = 0; i < 1_000; i++) windows.take(`name-${i}`, 0);
    expect(windows.size).toBe(3);
    expect(windows.take('name-0', 0).used).toBe(2);
    expect(windows.take('new', 0).used).toBe(999);
  });
});
