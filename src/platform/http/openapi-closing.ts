import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf } from './openapi-operations.js';

interface OpenSchema {
  type?: string | string[];
  properties?: Record<string, OpenSchema>;
  items?: OpenSchema;
  allOf?: OpenSchema[];
  anyOf?: OpenSchema[];
  oneOf?: OpenSchema[];
  additionalProperties?: boolean | OpenSchema;
}

/**
 * Bodies are strict, so the document says so: objects that do not say what else they may have, have nothing else. Maps
 * state their `additionalProperties` themselves.
 */
export function closeObjects(document: OpenAPIObject): void {
  for (const schema of Object.values(document.components?.schemas ?? {})) close(schema as OpenSchema);
  for (const { operation } of operationsOf(document)) {
    for (const response of Object.values(operation.responses)) {
      if (!response || '$ref' in response) continue;
      for (const media of Object.values(response.content ?? {})) close(media.schema as OpenSchema | undefined);
    }
  }
}

function close(schema: OpenSchema | undefined): void {
  if (schema === undefined) return;
  const isObject = schema.properties !== undefined || [schema.type].flat().includes('object');
  if (isObject && schema.additionalProperties === undefined) schema.additionalProperties = false;
  if (typeof schema.additionalProperties === 'object') close(schema.additionalProperties);
  Object.values(schema.properties ?? {}).forEach(close);
  close(schema.items);
  [schema.allOf, schema.anyOf, schema.oneOf].forEach((alternatives) => alternatives?.forEach(close));
}
