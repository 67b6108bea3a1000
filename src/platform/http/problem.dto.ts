/** One offending field. */
export class FieldErrorDto {
  /**
   * A JSON pointer (RFC 6901) into the body; `/query/...` and `/headers/...` point at parameters.
   * @example /credit_transfers/17/counterparty_iban
   */
  pointer: string;

  /**
   * Stable.
   * @example pattern
   */
  code: string;

  /** @example "does not look as it must" */
  detail: string;
}

/** What every error answers: application/problem+json, RFC 9457. */
export class ProblemDto {
  /**
   * Where the code is explained.
   * @example /docs/errors#not_found
   */
  type: string;

  /** @example "Not found" */
  title: string;

  /** @example 404 */
  status: number;

  /** @example "No such account." */
  detail: string;

  /**
   * The path of the request.
   * @example /api/v1/accounts/0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6d
   */
  instance: string;

  /**
   * Stable; decide on this, not on the texts.
   * @example not_found
   */
  code: string;

  /**
   * The X-Request-Id of the answer; quote it when you report a problem.
   * @example 0198f2c1-7f3a-7c31-8b0e-1d2f3a4b5c6e
   */
  request_id: string;

  /** The offending fields, the first hundred of them. */
  errors?: FieldErrorDto[];

  /** How many offending fields there were in all. */
  error_count?: number;
}
