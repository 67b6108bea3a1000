import { showCents, toCents } from './amounts.mjs';

/**
 * Columns as wide as their widest cell.
 *
 * @param {string[]} header
 * @param {string[][]} rows
 * @param {number[]} rightAligned columns, counted from 0
 */
function printTable(header, rows, rightAligned = []) {
  const widths = header.map((title, column) =>
    Math.max(...[header, ...rows].map((row) => [...(row[column] ?? title)].length)),
  );
  const print = (/** @type {string[]} */ cells) => {
    const padded = cells.map((cell, column) => {
      const gap = ' '.repeat((widths[column] ?? 0) - [...cell].length);
      return rightAligned.includes(column) ? gap + cell : cell + gap;
    });
    console.log(`  ${padded.join('  ')}`.trimEnd());
  };
  console.log('');
  print(header);
  print(widths.map((width) => '─'.repeat(width)));
  rows.forEach(print);
}

/** @param {any} bulk */
export function showAmounts({ status, counts, amounts, transfer_count: count, total_amount: total, currency }) {
  const shown = ['settled', 'failed', 'cancelled', 'returned'].filter((state) => counts[state] > 0);
  const open = count - shown.reduce((sum, state) => sum + counts[state], 0);
  const rows = shown.map((state) => [state, String(counts[state]), showCents(toCents(amounts[state]))]);
  if (open > 0) rows.push(['open', String(open), showCents(toCents(amounts.open))]);
  rows.push(['total', String(count), showCents(toCents(total))]);
  printTable([status, 'lines', currency], rows, [1, 2]);
}

/** @param {any[]} failed */
export function showFailedLines(failed) {
  const rows = failed.map(({ line, counterparty, amount, failure }) => [
    String(line),
    counterparty.name,
    showCents(toCents(amount)),
    [failure?.code, failure?.detail].filter(Boolean).join(': '),
  ]);
  printTable(['failed line', 'counterparty', 'EUR', 'reason'], rows, [0, 2]);
}

/** @param {import('./proof.mjs').Proof[]} proofs */
export function showProofs(proofs) {
  printTable(
    ['ledger proof', '', 'found'],
    proofs.map(({ claim, holds, found }) => [claim, holds ? 'holds' : 'BROKEN', found]),
  );
}

/** @param {{acceptMs: number, totalMs: number, lines: number}} times */
export function showTimes({ acceptMs, totalMs, lines }) {
  const seconds = totalMs / 1000;
  console.log(
    `\n  Accepted in ${Math.round(acceptMs)} ms, completed in ${seconds.toFixed(2)} s with the retries: ${Math.round(lines / seconds)} lines/s.`,
  );
}
