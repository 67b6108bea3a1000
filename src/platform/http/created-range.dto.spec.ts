import { minIdAt } from '../../domain/ids.js';
import { createdRange } from './created-range.dto.js';

describe('createdRange', () => {
  it('has no bounds where none were asked for', () => {
    expect(createdRange({})).toEqual({ from: null, before: null, idFrom: null, idBefore: null });
  });

  it('encloses the instants by ids an hour wider, because rows are stamped by another clock', () => {
    const range = createdRange({ created_from: '2026-11-01T00:00:00Z', created_to: '2026-11-02T00:00:00Z' });
    expect(range.from).toEqual(new Date('2026-11-01T00:00:00Z'));
    expect(range.before).toEqual(new Date('2026-11-02T00:00:00Z'));
    expect(range.idFrom).toBe(minIdAt(Date.parse('2026-10-31T23:00:00Z')));
    expect(range.idBefore).toBe(minIdAt(Date.parse('2026-11-02T01:00:00Z')));
  });
});
