import type { FieldError } from '../../../domain/errors.js';
import { fieldErrors } from '../../../domain/errors.js';
import { normalizeText } from '../../../domain/text.js';
import { notSupportedYet, railCannotReverse, railNotConfigured } from './bulk-request.errors.js';
import type { OnFailure, Priority, Validation } from './bulk-request.js';
import type { DuplicatePolicy } from './duplicate.js';
import type { CreditTransferInput } from './credit-transfer.js';

/** The body of a submission: an instance of the schema, no rule checked yet. */
export interface Submission {
  readonly request_id?: string | undefined;
  readonly organization_name?: string | undefined;
  readonly organization_bic?: string | undefined;
  readonly organization_iban?: string | undefined;
  readonly debtor_account_id?: string | undefined;
  readonly on_failure?: OnFailure | undefined;
  readonly validation?: Validation | undefined;
  readonly priority?: Priority | undefined;
  readonly rail?: 'book' | 'sandbox' | 'http' | 'iso20022' | undefined;
  readonly duplicate_policy?: DuplicatePolicy | undefined;
  readonly duplicate_override_reason?: string | undefined;
  readonly requested_execution_date?: string | undefined;
  readonly callback_url?: string | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly credit_transfers: readonly CreditTransferInput[];
}

/** The same with its labels in NFC. Their names stay: they are the caller's, and two of them must not become one. */
export function withNormalizedLabels<Body extends Pick<Submission, 'metadata'>>(body: Body): Body {
  if (body.metadata === undefined) return body;
  const labels = Object.entries(body.metadata).map(([name, text]) => [name, normalizeText(text)] as const);
  return { ...body, metadata: Object.fromEntries(labels) };
}

/** @throws not_supported_yet naming every field whose feature does not exist yet */
export function assertSupported(submission: Submission): void {
  const fields: string[] = [];
  if (submission.requested_execution_date !== undefined) fields.push('requested_execution_date');
  if (submission.rail === 'iso20022') fields.push('rail');
  if (fields.length > 0) throw notSupportedYet(fields);
}

/**
 * Whether the rail can do what the submission asks of it.
 *
 * @throws rail_not_configured, rail_cannot_reverse
 */
export function assertRailCan(
  submission: Pick<Submission, 'on_failure'>,
  rail: { exists: boolean; reverses: boolean },
): void {
  if (!rail.exists) throw railNotConfigured();
  if (submission.on_failure === 'reverse' && !rail.reverses) throw railCannotReverse();
}

/** @throws invalid_request when neither `debtor_account_id` nor both of IBAN and BIC name the debtor */
export function assertNamesDebtor(submission: Submission): void {
  if (submission.debtor_account_id !== undefined) return;
  const missing = (['organization_iban', 'organization_bic'] as const).filter(
    (field) => submission[field] === undefined,
  );
  if (missing.length === 0) return;
  const detail = 'Required, unless debtor_account_id names the debtor.';
  const errors: FieldError[] = missing.map((field) => ({ pointer: `/${field}`, code: 'required', detail }));
  throw fieldErrors('invalid', errors);
}
