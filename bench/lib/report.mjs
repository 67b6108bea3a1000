import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { format, resolveConfig } from 'prettier';
import { barChart } from './chart.mjs';
import { describeMachine } from './machine.mjs';
import { formatNumber, spread } from './stats.mjs';
import { isMet, targetCells } from './targets.mjs';

/** @typedef {string | number | readonly number[]} Cell samples are shown as their median, least and most */
/** @typedef {{title: string, columns: string[], rows: string[][], note?: string}} Table */
/** @typedef {import('./targets.mjs').Target} Target */
/**
 * What one measure found. Kept as a file, so that a run of some measures leaves the results of the others in place.
 *
 * @typedef {object} Section
 * @property {string} name
 * @property {string} title
 * @property {import('./machine.mjs').Machine} circumstances
 * @property {Table[]} tables
 * @property {Target[]} targets
 * @property {import('./chart.mjs').Chart} [chart]
 */

/** Collects what one measure finds, and prints it as it comes. */
export class Report {
  /** @type {Section} */
  #section;

  /**
   * @param {{name: string, title: string}} measure
   * @param {{machine: import('./machine.mjs').Machine}} circumstances
   */
  constructor({ name, title }, { machine }) {
    this.#section = { name, title, circumstances: machine, tables: [], targets: [] };
  }

  /** @param {{postgres: string, redis: string}} versions */
  ranOn(versions) {
    Object.assign(this.#section.circumstances, versions);
  }

  /** @param {{title: string, columns: string[], rows: readonly (readonly Cell[])[], rounds?: number, note?: string}} table */
  table({ title, columns, rows, rounds, note: remark }) {
    const note = [remark, rounds && `${rounds} ${rounds === 1 ? 'round' : 'rounds'}.`].filter(Boolean).join(' ');
    const shown = { title, columns, rows: rows.map((row) => row.map(cellText)), ...(note && { note }) };
    this.#section.tables.push(shown);
    console.log(`\n${title}${note ? `\n${note}` : ''}`);
    console.log(plainTable(shown));
  }

  /**
   * What the project promises itself, beside what came out.
   *
   * @param {{what: string, atLeast?: number, atMost?: number, measured: number, unit?: string, note?: string}} target
   */
  target({ what, atLeast, atMost, measured, unit = '', note }) {
    const wanted = atLeast ?? atMost;
    if (wanted === undefined || (atLeast !== undefined && atMost !== undefined))
      throw new TypeError(`"${what}" needs one bound`);
    if (!Number.isFinite(measured)) throw new TypeError(`"${what}" was not measured: ${measured}`);
    /** @type {Target} */
    const target = { what, bound: atLeast === undefined ? 'at most' : 'at least', wanted, measured, unit };
    this.#section.targets.push({ ...target, ...(note && { note }) });
    console.log(`target: ${what}: ${targetCells(target).slice(1).join(', ')}`);
  }

  /**
   * The bars of bench/headline.svg.
   *
   * @param {import('./chart.mjs').Chart} chart
   */
  chart(chart) {
    this.#section.chart = chart;
  }

  /** @param {string} dir */
  async save(dir) {
    const folder = path.join(dir, 'results');
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, `${this.#section.name}.json`);
    await writeFormatted(file, JSON.stringify(this.#section));
  }
}

/**
 * Writes RESULTS.md and headline.svg from what the measures saved, this time or before.
 *
 * @param {string} dir
 * @param {readonly string[]} order the names of all measures
 */
export async function writeResults(dir, order) {
  const folder = path.join(dir, 'results');
  mkdirSync(folder, { recursive: true });
  const rank = (/** @type {Section} */ section) => order.indexOf(section.name);
  /** @type {Section[]} */
  const sections = readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => JSON.parse(readFileSync(path.join(folder, file), 'utf8')))
    .filter((section) => rank(section) >= 0)
    .sort((a, b) => rank(a) - rank(b));
  const file = path.join(dir, 'RESULTS.md');
  await writeFormatted(file, resultsText(sections));
  const chart = sections.find((section) => section.chart)?.chart;
  if (chart) writeFileSync(path.join(dir, 'headline.svg'), barChart(chart));
  return file;
}

/** @param {readonly Section[]} sections */
function resultsText(sections) {
  const targets = sections.flatMap((section) => section.targets);
  const missed = targets.filter((target) => !isMet(target)).length;
  return [
    '# Benchmark results',
    'Written by `npm run bench`: change nothing here. [README.md](README.md) says what is measured, and how.',
    'A cell with three numbers is the median of so many rounds as the table says, the least and the most.',
    '## Targets',
    `${targets.length - missed} of ${targets.length} are met.`,
    markdownTable({ columns: ['Target', 'Wanted', 'Measured', 'Verdict'], rows: targets.map(targetCells) }),
    ...sections.flatMap(sectionText),
  ].join('\n\n');
}

/** @param {Section} section */
function sectionText({ title, circumstances, tables }) {
  return [
    `## ${title}`,
    describeMachine(circumstances),
    ...tables.flatMap((table) => [`### ${table.title}`, ...(table.note ? [table.note] : []), markdownTable(table)]),
  ];
}

/** @param {Cell} cell */
function cellText(cell) {
  if (typeof cell === 'string') return cell;
  return typeof cell === 'number' ? formatNumber(cell) : spread(cell);
}

/** @param {{columns: readonly string[], rows: readonly (readonly string[])[]}} table */
function markdownTable({ columns, rows }) {
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const ruler = columns.map((_, index) => (index === 0 ? '---' : '---:'));
  return [line(columns), line(ruler), ...rows.map(line)].join('\n');
}

/** @param {Table} table */
function plainTable({ columns, rows }) {
  const widths = columns.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (/** @type {readonly string[]} */ cells) =>
    cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[index] ?? 0)));
  return [columns, ...rows].map((cells) => `  ${line(cells).join('  ')}`).join('\n');
}

/**
 * As `npm run check` wants every file to be.
 *
 * @param {string} file
 * @param {string} text
 */
async function writeFormatted(file, text) {
  const config = await resolveConfig(file);
  writeFileSync(file, await format(text, { ...config, filepath: file }));
}
