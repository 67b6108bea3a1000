import { Injectable } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import addFormats from 'ajv-formats';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { invariantViolated } from '../../domain/errors.js';
import { isUuid } from '../../domain/ids.js';
import { type ObjectSchema, SchemaCheck } from './schema-check.js';

const DOCUMENT = 'openapi';

/** Words of OpenAPI that say nothing about validity. */
const ANNOTATIONS = ['components', 'example', 'externalDocs', 'xml', 'discriminator', 'style', 'explode'];

/** Validators compiled from the OpenAPI document: what it says and what is enforced cannot drift apart. */
@Injectable()
export class OpenApiSchemas {
  private schemas: Readonly<Record<string, ObjectSchema>> = {};
  private readonly checks = new Map<string, SchemaCheck>();
  private ajv = newAjv();

  /**
   * Takes over a document, and compiles at once what requests are checked with: a schema that does not compile stops the boot.
   *
   * @param names the schemas of bodies and queries
   */
  load(document: OpenAPIObject, names: readonly string[]): void {
    this.schemas = (document.components?.schemas ?? {}) as Record<string, ObjectSchema>;
    this.ajv = newAjv();
    this.ajv.addSchema({ $id: DOCUMENT, components: { schemas: this.schemas } });
    this.checks.clear();
    for (const name of names) this.get(name);
  }

  /** @param name the name of a DTO class */
  get(name: string): SchemaCheck {
    const known = this.checks.get(name);
    if (known) return known;
    const schema = this.schemas[name];
    if (!schema) throw invariantViolated(`${name} is not in the OpenAPI document.`);
    const check = new SchemaCheck(rebased(schema), this.ajv);
    this.checks.set(name, check);
    return check;
  }
}

function newAjv(): Ajv2020 {
  const ajv = new Ajv2020({ allErrors: true, strict: true, allowUnionTypes: true, strictTypes: false });
  ajv.addVocabulary(ANNOTATIONS);
  addFormats.default(ajv, ['date', 'uri']);
  // The package's own accepts `urn:uuid:` and the nil UUID.
  ajv.addFormat('uuid', isUuid);
  ajv.addFormat('date-time', isInstant);
  return ajv;
}

/** References are relative to the document; outside of it they name it. */
function rebased(schema: ObjectSchema): ObjectSchema {
  return JSON.parse(JSON.stringify(schema), (key, value: unknown) =>
    key === '$ref' && typeof value === 'string' && value.startsWith('#') ? `${DOCUMENT}${value}` : value,
  ) as ObjectSchema;
}

const { validate: isDateTime } = addFormats.default.get('date-time', 'full') as { validate: (text: string) => boolean };

/** RFC 3339, and an instant JavaScript can hold: a leap second is the first and not the second. */
const isInstant = (text: string): boolean => isDateTime(text) && !Number.isNaN(Date.parse(text));
