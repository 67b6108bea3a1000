import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { StateMachine } from '../../src/domain/states.js';
import { accountStates } from '../../src/modules/accounts/domain/account.state.js';
import { bulkRequestStates } from '../../src/modules/bulk-requests/domain/bulk-request.state.js';
import { breakStates } from '../../src/modules/reconciliation/domain/break.state.js';
import { runStates } from '../../src/modules/reconciliation/domain/run.state.js';
import { transferStates } from '../../src/modules/transfers/domain/transfer.state.js';

const ROOT = join(__dirname, '..', '..');
const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const document = read('docs/states.md');
const transfersMigration = read('migrations/1795251900000-create-transfers.ts');

/** The arrows of the one diagram under a heading, as `from > to`; `[*]` is the beginning and the end. */
function drawn(heading: string): string[] {
  const section = document.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? '';
  const diagrams = [...section.matchAll(/```mermaid\nstateDiagram-v2\n([\s\S]*?)```/g)];
  expect(diagrams).toHaveLength(1);
  const lines = (diagrams[0]?.[1] ?? '').split('\n').filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const arrow = /^ {2}(\S+) --> (\S+)$/.exec(line);
    if (!arrow) throw new Error(`docs/states.md, ${heading}: not an arrow: ${line}`);
    return `${arrow[1]} > ${arrow[2]}`;
  });
}

/** The same, from a state table. */
function tabled<S extends string>(machine: StateMachine<S>): string[] {
  return [
    `[*] > ${machine.initial}`,
    ...machine.states.flatMap((from) =>
      machine.states.filter((to) => machine.canMove(from, to)).map((to) => `${from} > ${to}`),
    ),
    ...machine.states.filter((state) => machine.isTerminal(state)).map((state) => `${state} > [*]`),
  ];
}

const statesIn = (arrows: readonly string[]): string[] =>
  [...new Set(arrows.flatMap((arrow) => arrow.split(' > ')).filter((state) => state !== '[*]'))].sort();

/** The values that a CHECK of a column in a table of the migration allows. */
function allowed(table: string, column: string): string[] {
  const definition = new RegExp(`CREATE TABLE ${table} \\(([\\s\\S]*?)\\n {6}\\)`).exec(transfersMigration)?.[1] ?? '';
  const list = new RegExp(`CHECK \\(${column} IN \\(([^)]*)\\)\\)`).exec(definition)?.[1] ?? '';
  return [...list.matchAll(/'([a-z_]+)'/g)].map((match) => match[1] ?? '').sort();
}

describe('docs/states.md', () => {
  it.each<[string, string[]]>([
    ['Bulk request', tabled(bulkRequestStates)],
    ['Transfer', tabled(transferStates)],
    ['Account', tabled(accountStates)],
    ['Reconciliation run', tabled(runStates)],
    ['Reconciliation break', tabled(breakStates)],
  ])('%s: the diagram has every move of the table and no other', (heading, moves) => {
    expect(drawn(heading).sort()).toEqual(moves.sort());
  });

  it('Chunk: the diagram has the states of the column and no other', () => {
    expect(statesIn(drawn('Chunk'))).toEqual(allowed('chunks', 'status'));
  });

  it('Evidence: the diagram leads from open to the outcomes of the column and to no other', () => {
    const outcomes = allowed('rail_evidence', 'outcome');
    expect(outcomes).toContain('applied');
    const moves = ['[*] > open', ...outcomes.flatMap((outcome) => [`open > ${outcome}`, `${outcome} > [*]`])];
    expect(drawn('Evidence').sort()).toEqual(moves.sort());
  });

  it('Transfer: every move has a row that says when it happens', () => {
    const section = document.split(/^## /m).find((part) => part.startsWith('Transfer\n')) ?? '';
    const rows = [...section.matchAll(/^\| `(\w+)` +\| `(\w+)` +\| \S/gm)].map((row) => `${row[1]} > ${row[2]}`);
    expect(rows.sort()).toEqual(
      tabled(transferStates)
        .filter((move) => !move.includes('[*]'))
        .sort(),
    );
  });
});
