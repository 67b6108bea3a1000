import type { ErrorObject } from 'ajv';
import type { FieldError } from '../../domain/errors.js';
import { containsIban } from '../../domain/iban.js';

/** Names come from the caller: a pointer must not become as long as the body. */
const MAX_TOKEN_LENGTH = 100;

/** What a field may be called. Callers also take names of people for names of fields, and those have spaces. */
const FIELD_NAME = /^[!-~]*$/;
const HIDDEN = '…';

/** One token of a JSON pointer (RFC 6901). A name that says who is paid, or may, is not repeated. */
export function pointerToken(name: string): string {
  if (!FIELD_NAME.test(name) || containsIban(name)) return HIDDEN;
  const short = name.length > MAX_TOKEN_LENGTH ? `${name.slice(0, MAX_TOKEN_LENGTH)}…` : name;
  return short.replaceAll('~', '~0').replaceAll('/', '~1');
}

/**
 * What a schema violation is called in the contract, or null for one that only repeats another: of the alternatives of a
 * nullable field, `null` was not meant; a key's own violation is told once, by `propertyNames`.
 *
 * @param prefix the pointer of the value that was checked
 */
export function fieldErrorOf(error: ErrorObject, prefix: string): FieldError | null {
  const told = errorTerms(error);
  if (told === null) return null;
  const below = told.field === undefined ? '' : `/${pointerToken(told.field)}`;
  return { pointer: `${prefix}${shownPath(error.instancePath)}${below}`, code: told.code, detail: told.detail };
}

/** A pointer of the validator's: the labels of a map are the caller's words as well. */
const shownPath = (path: string): string =>
  path
    .split('/')
    .map((token) => pointerToken(token.replaceAll('~1', '/').replaceAll('~0', '~')))
    .join('/');

interface ErrorTerms {
  readonly code: string;
  readonly detail: string;
  /** The field below the violated object that is meant. */
  readonly field?: string;
}

/** Never the offending value: it may be a name, an IBAN or a key. */
function errorTerms({ keyword, params, propertyName }: ErrorObject): ErrorTerms | null {
  if (propertyName !== undefined) return null;
  const limit = String((params as { limit?: unknown }).limit);
  const {
    missingProperty,
    additionalProperty,
    propertyName: badName,
    type,
    allowedValues,
    allowedValue,
    format,
  } = params as Record<string, unknown>;
  switch (keyword) {
    case 'required':
      return { code: 'required', detail: 'is required', field: String(missingProperty) };
    case 'additionalProperties':
    case 'unevaluatedProperties':
      return { code: 'unknown_field', detail: 'is not a known field', field: String(additionalProperty) };
    case 'propertyNames':
      return { code: 'pattern', detail: 'is not acceptable as a name', field: String(badName) };
    case 'type':
      return type === 'null' ? null : { code: 'type', detail: `must be of type ${String(type)}` };
    case 'pattern':
      return { code: 'pattern', detail: 'does not have the required form' };
    case 'format':
      return { code: 'pattern', detail: `must be a valid ${String(format)}` };
    case 'maxLength':
      return { code: 'too_long', detail: `may have at most ${limit} characters` };
    case 'minLength':
      return { code: 'too_short', detail: `must have at least ${limit} characters` };
    case 'enum':
      return { code: 'enum', detail: `must be one of: ${(allowedValues as unknown[]).map(String).join(', ')}` };
    case 'const':
      return { code: 'enum', detail: `must be ${String(allowedValue)}` };
    case 'maxItems':
    case 'maxProperties':
      return { code: 'too_many', detail: `may have at most ${limit} entries` };
    case 'minItems':
    case 'minProperties':
      return { code: 'too_few', detail: `must have at least ${limit} entries` };
    case 'minimum':
      return { code: 'range', detail: `must be at least ${limit}` };
    case 'maximum':
      return { code: 'range', detail: `must be at most ${limit}` };
    case 'exclusiveMinimum':
      return { code: 'range', detail: `must be more than ${limit}` };
    case 'exclusiveMaximum':
      return { code: 'range', detail: `must be less than ${limit}` };
    case 'anyOf': // its branches say what was wrong
    case 'oneOf':
    case 'if':
      return null;
    default:
      return { code: 'type', detail: `violates "${keyword}"` };
  }
}
