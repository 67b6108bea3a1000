/** What became of a line. */
export interface LineOutcome {
  /** Its position in the bulk request. */
  readonly line: number;
  /** Its status from now on. */
  readonly to: string;
  readonly code: string | null;
}

/** Lines that became the same, as runs of consecutive positions: the 500 paid lines of a chunk are one run. */
export interface LineGroup {
  readonly to: string;
  readonly code: string | null;
  readonly lines: readonly (readonly [first: number, last: number])[];
}

/** @param outcomes one for each line, in any order */
export function groupLines(outcomes: readonly LineOutcome[]): LineGroup[] {
  const groups = new Map<string, { to: string; code: string | null; lines: [number, number][] }>();
  for (const { line, to, code } of [...outcomes].sort((a, b) => a.line - b.line)) {
    const key = JSON.stringify([to, code]);
    const group = groups.get(key) ?? { to, code, lines: [] };
    groups.set(key, group);
    const run = group.lines.at(-1);
    if (run?.[1] === line - 1) run[1] = line;
    else group.lines.push([line, line]);
  }
  return [...groups.values()];
}

/** What {@link groupLines} was made of, in the order of the lines. */
export function linesOf(groups: readonly LineGroup[]): LineOutcome[] {
  return groups
    .flatMap(({ to, code, lines }) => lines.flatMap(([first, last]) => run(first, last, to, code)))
    .sort((a, b) => a.line - b.line);
}

/** The one at this place, counted from 0, of what {@link linesOf} gives: of all others not even an object is made. */
export function lineAt(groups: readonly LineGroup[], place: number): LineOutcome | null {
  const runs = groups
    .flatMap(({ to, code, lines }) => lines.map(([first, last]) => ({ first, last, to, code })))
    .sort((a, b) => a.first - b.first);
  let before = 0;
  for (const { first, last, to, code } of runs) {
    const line = first + place - before;
    if (line <= last) return line < first ? null : { line, to, code };
    before += last - first + 1;
  }
  return null;
}

const run = (first: number, last: number, to: string, code: string | null): LineOutcome[] =>
  Array.from({ length: last - first + 1 }, (_, index) => ({ line: first + index, to, code }));
