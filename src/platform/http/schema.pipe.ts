import { type ArgumentMetadata, Injectable, type PipeTransform } from '@nestjs/common';
import { fieldErrors, invariantViolated } from '../../domain/errors.js';
import { OpenApiSchemas } from './openapi-schemas.js';
import { isOptionalBody } from './optional-body.js';
import { coerceQuery } from './query-coercion.js';

/**
 * Checks every body and every query against the schema of its class. Bodies stay as they were sent; in queries, numbers and
 * booleans are read and defaults filled in.
 */
@Injectable()
export class SchemaPipe implements PipeTransform {
  constructor(private readonly schemas: OpenApiSchemas) {}

  transform(value: unknown, { type, metatype, data }: ArgumentMetadata): unknown {
    if (type !== 'body' && type !== 'query') return value;
    if (data !== undefined || metatype === undefined || metatype === Object) {
      throw invariantViolated(`A ${type} is taken as a whole, as a class that describes it.`);
    }
    const check = this.schemas.get(metatype.name);
    const sent = value === undefined && type === 'body' && isOptionalBody(metatype) ? {} : value;
    const candidate = type === 'query' ? coerceQuery(sent as Record<string, unknown>, check.schema) : sent;
    const { errors, total } = check.violations(candidate, type === 'query' ? '/query' : '');
    if (total > 0) throw fieldErrors('invalid', errors, total);
    return candidate;
  }
}
