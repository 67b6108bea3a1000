import { invariantViolated } from '../../domain/errors.js';
import { sqlState } from './sql-state.js';

const INTEGRITY_CONSTRAINT_VIOLATION = '23';

/**
 * For writes whose constraints the rules above them make impossible to meet: a violation is a bug of ours. The error names
 * the constraint and does not carry its cause, because PostgreSQL's detail quotes the row, names and IBANs included.
 */
export async function unviolated<T>(what: string, write: Promise<T>): Promise<T> {
  try {
    return await write;
  } catch (error) {
    if (sqlState(error)?.startsWith(INTEGRITY_CONSTRAINT_VIOLATION) !== true) throw error;
    const { constraint } = error as { constraint?: string };
    throw invariantViolated(`${what}: refused by the constraint ${constraint ?? 'of a trigger'}`);
  }
}
