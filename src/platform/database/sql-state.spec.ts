import { sqlState } from './sql-state.js';

describe('the SQLSTATE of an error', () => {
  it.each(['40001', '40P01', '57P01', '08006', '22P02', 'P0001', 'XX000', 'F0001', 'HV000'])(
    'is what PostgreSQL gave it: %s',
    (code) => {
      expect(sqlState(Object.assign(new Error('refused'), { code }))).toBe(code);
    },
  );

  it('is found below the error TypeORM wraps around it', () => {
    expect(sqlState({ driverError: { driverError: { code: '40P01' } } })).toBe('40P01');
  });

  it.each(['EPIPE', 'EPERM', 'EBUSY', 'ECONNRESET', 'ERR_X', '4000', '400011', ''])(
    'is none for %p: the connection broke, and PostgreSQL decided nothing',
    (code) => {
      expect(sqlState(Object.assign(new Error('write failed'), { code }))).toBeUndefined();
    },
  );

  it.each([undefined, null, 'text', 42, {}, { driverError: null }])('is none for %p', (error) => {
    expect(sqlState(error)).toBeUndefined();
  });
});
