import { formatNumber, max, median, min, percentile, spread } from '../../bench/lib/stats.mjs';
import { isMet, type Target, targetCells } from '../../bench/lib/targets.mjs';

describe('statistics of the benchmark', () => {
  it('takes the value in the middle, and the mean of the two beside it', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([10, 1, 2, 9])).toBe(5.5);
    expect(median([7])).toBe(7);
  });

  it('orders by size and not by how numbers are spelled', () => {
    expect(min([100, 9, 20])).toBe(9);
    expect(max([100, 9, 20])).toBe(100);
  });

  it('finds percentiles between values', () => {
    const values = Array.from({ length: 101 }, (_, value) => value);
    expect(percentile(values, 95)).toBe(95);
    expect(percentile([0, 10], 95)).toBeCloseTo(9.5);
  });

  it('leaves what it is given as it is', () => {
    const values = [3, 1, 2];
    median(values);
    expect(values).toEqual([3, 1, 2]);
  });

  it('refuses to summarize nothing', () => {
    expect(() => median([])).toThrow('no values');
    expect(() => percentile([1], 101)).toThrow('no percentile');
  });

  it('shows the median with the least and the most', () => {
    expect(spread([30_000, 28_400, 29_100])).toBe('29,100 (28,400 to 30,000)');
    expect(spread([1.234])).toBe('1.23');
    expect(formatNumber(0)).toBe('0');
    expect(formatNumber(12.34)).toBe('12.3');
  });
});

describe('targets of the benchmark', () => {
  const target = (changes: Partial<Target>): Target => ({
    what: 'Speed',
    bound: 'at least',
    wanted: 25,
    measured: 30,
    unit: 'x',
    ...changes,
  });

  it('is met at its bound', () => {
    expect(isMet(target({ measured: 25 }))).toBe(true);
    expect(isMet(target({ bound: 'at most', measured: 25 }))).toBe(true);
    expect(isMet(target({ measured: 24.99 }))).toBe(false);
    expect(isMet(target({ bound: 'at most', measured: 25.01 }))).toBe(false);
  });

  it.each([
    [{ measured: 30 }, ['Speed', 'at least 25x', '30.0x', 'met, by 20 %']],
    [{ measured: 24 }, ['Speed', 'at least 25x', '24.0x', '**missed by 4.0 %**']],
    [{ measured: 24.999 }, ['Speed', 'at least 25x', '25.0x', '**missed by less than 0.1 %**']],
    [{ bound: 'at most' as const, note: 'cold' }, ['Speed', 'at most 25x', '30.0x (cold)', '**missed by 20 %**']],
  ])('says by how much: %p', (changes, cells) => {
    expect(targetCells(target(changes))).toEqual(cells);
  });
});
