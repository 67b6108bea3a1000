import { invariantViolated } from './errors.js';

/** A noun's states as data, checked once, when the file that defines them is loaded. */
export interface StateMachine<S extends string> {
  readonly states: readonly S[];
  readonly initial: S;
  isTerminal(state: S): boolean;
  canMove(from: S, to: S): boolean;
  /** Throws the DomainError `invariant_violated`: whoever moves a state has to know the table. */
  assertMove(from: S, to: S): void;
  /** The states from which `to` can be reached in one step, for `UPDATE ... WHERE status = ANY(...)`. */
  sourcesOf(to: S): S[];
}

export interface StateTable<S extends string> {
  readonly initial: NoInfer<S>;
  /** Every state with the states it may move to. */
  readonly transitions: Readonly<Record<S, readonly NoInfer<S>[]>>;
  /** Where a life ends. A terminal state may only move to another terminal one, as `settled` does to `returned`. */
  readonly terminal: readonly NoInfer<S>[];
}

/**
 * Builds the machine, or throws when the table is wrong: a state nobody can reach, one that leads to no terminal
 * state, a move to a state that does not exist, or one out of the end back into life.
 */
export function defineStates<S extends string>(table: StateTable<S>): StateMachine<S> {
  const states = Object.keys(table.transitions) as S[];
  const targets = new Map<S, ReadonlySet<S>>(states.map((state) => [state, new Set(table.transitions[state])]));
  const terminal = new Set<S>(table.terminal);
  const canMove = (from: S, to: S): boolean => targets.get(from)?.has(to) ?? false;
  const sourcesOf = (to: S): S[] => states.filter((from) => canMove(from, to));
  assertSound(table, states, sourcesOf);
  return {
    states,
    initial: table.initial,
    isTerminal: (state) => terminal.has(state),
    canMove,
    assertMove(from, to) {
      if (!canMove(from, to)) throw invariantViolated(`No state moves from "${from}" to "${to}" here.`);
    },
    sourcesOf,
  };
}

function assertSound<S extends string>(table: StateTable<S>, states: readonly S[], sourcesOf: (to: S) => S[]): void {
  const { initial, transitions, terminal } = table;
  const known = new Set(states);
  const isTerminal = new Set<S>(terminal);
  const moves = states.flatMap((from) => transitions[from].map((to) => ({ from, to })));
  refuse(
    'unknown states',
    [initial, ...terminal, ...moves.map(({ to }) => to)].filter((state) => !known.has(state)),
  );
  const reachable = closure([initial], (state) => transitions[state]);
  refuse(
    'unreachable states',
    states.filter((state) => !reachable.has(state)),
  );
  const ending = closure(terminal, sourcesOf);
  refuse(
    'states without a way to a terminal one',
    states.filter((state) => !ending.has(state)),
  );
  refuse(
    'moves out of a terminal state into one that is not',
    moves
      .filter(({ from, to }) => isTerminal.has(from) && !isTerminal.has(to))
      .map(({ from, to }) => `${from} > ${to}`),
  );
}

function refuse(what: string, offenders: readonly string[]): void {
  if (offenders.length === 0) return;
  throw invariantViolated(`A state table has ${what}: ${[...new Set(offenders)].join(', ')}.`);
}

/** Everything that can be reached from the start, the start included. */
function closure<S>(start: readonly S[], next: (state: S) => readonly S[]): Set<S> {
  const seen = new Set(start);
  // A Set hands out what is added while it is walked, which makes it its own work list.
  for (const state of seen) for (const following of next(state)) seen.add(following);
  return seen;
}
