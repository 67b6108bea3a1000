/** What became of one line, as a chunk's digest covers it. */
export interface RecordedLine {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly attempts: number;
  readonly railId: string | null;
  readonly code: string | null;
}

/** `id|from|to|attempts|rail id|code` and a line feed. What a rail said cannot pass for two fields, or for two lines. */
export function textOfLine({ id, from, to, attempts, railId, code }: RecordedLine): string {
  return `${id}|${from}|${to}|${attempts}|${escaped(railId)}|${escaped(code)}\n`;
}

/** How many lines are in which state now. */
export function totalsByStatus(lines: readonly RecordedLine[]): Record<string, number> {
  const totals: Record<string, number> = {};
  for (const { to } of lines) totals[to] = (totals[to] ?? 0) + 1;
  return totals;
}

const SPECIAL = /[\\|\n]/g;

const escaped = (text: string | null): string =>
  text === null ? '' : text.replace(SPECIAL, (character) => (character === '\n' ? '\\n' : `\\${character}`));
