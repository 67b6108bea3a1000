import type { OpenAPIObject } from '@nestjs/swagger';
import { operationsOf } from './openapi-operations.js';

const SCHEMAS = '#/components/schemas/';

/** The names of the schemas that bodies are checked against. */
export function bodySchemas(document: OpenAPIObject): string[] {
  return operationsOf(document).flatMap(({ operation }) => {
    const body = operation.requestBody;
    return body && !('$ref' in body) ? Object.values(body.content).flatMap((media) => referencesIn(media.schema)) : [];
  });
}

/** A copy without the schemas that no path and no webhook leads to. */
export function withoutUnusedSchemas(document: OpenAPIObject): OpenAPIObject {
  const schemas = document.components?.schemas ?? {};
  const used = new Set<string>();
  const pending = referencesIn([document.paths, document.webhooks, document.components?.responses]);
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    pending.push(...referencesIn(schemas[name]));
  }
  const kept = Object.fromEntries(Object.entries(schemas).filter(([name]) => used.has(name)));
  return { ...document, components: { ...document.components, schemas: kept } };
}

function referencesIn(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([key, value]: [string, unknown]) =>
    key === '$ref' && typeof value === 'string' && value.startsWith(SCHEMAS)
      ? [value.slice(SCHEMAS.length)]
      : referencesIn(value),
  );
}
