import { DomainError } from '../../src/domain/errors.js';

/** The domain error some work is refused with. Fails when it is not refused, or by anything else. */
export async function refusalOf(work: Promise<unknown>): Promise<DomainError> {
  let result: unknown;
  try {
    result = await work;
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  throw new Error(`It was not refused: ${JSON.stringify(result)}`);
}
