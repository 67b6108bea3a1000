/** Two characters of class and three more. The classes are listed: EPIPE of a broken socket would pass for one otherwise. */
const SQLSTATE = /^(\d\d|F0|HV|P0|XX)[0-9A-Z]{3}$/;

/** The SQLSTATE of a PostgreSQL error, also when TypeORM wrapped it. */
export function sqlState(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined;
  const { code, driverError } = error as { code?: unknown; driverError?: unknown };
  if (typeof code === 'string' && SQLSTATE.test(code)) return code;
  return driverError === undefined ? undefined : sqlState(driverError);
}

const IDLE_TRANSACTION_ENDED = '25P03';

/** PostgreSQL answered with an SQLSTATE, so it decided; class 57 (shutdown), 08 and 25P03 mean the connection went instead. */
export function isServerError(error: unknown): boolean {
  const state = sqlState(error);
  return state !== undefined && !/^(57|08)/.test(state) && state !== IDLE_TRANSACTION_ENDED;
}
