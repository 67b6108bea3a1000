import { pageOf } from './page.js';

const cursorOf = (row: number) => `after ${row}`;

describe('a page', () => {
  it('leaves out the row that was read to see whether there is more, and points behind its own last', () => {
    expect(pageOf([1, 2, 3], 2, cursorOf)).toEqual({ data: [1, 2], next_cursor: 'after 2', has_more: true });
  });

  it.each([[[1, 2]], [[1]], [[]]])('is the last when nothing was left out: %j', (rows) => {
    expect(pageOf(rows, 2, cursorOf)).toEqual({ data: rows, next_cursor: null, has_more: false });
  });
});
