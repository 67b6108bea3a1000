import type { OpenAPIObject } from '@nestjs/swagger';
import { isPublicPath } from './public-paths.js';

const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const;

type Paths = OpenAPIObject['paths'][string];
export type Operation = NonNullable<Paths['get']>;

export function operationsOf(document: OpenAPIObject): { path: string; operation: Operation }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    METHODS.flatMap((method) => {
      const operation = item[method];
      return operation ? [{ path, operation }] : [];
    }),
  );
}

/** What can be said of every operation alike, so that no controller has to. */
export function describeOperations(document: OpenAPIObject): void {
  const ids = new Set<string>();
  for (const { path, operation } of operationsOf(document)) {
    operation.operationId = uniqueId(operation.operationId ?? path, path, ids);
    if (isPublicPath(path)) operation.security = [];
    if (operation.tags) operation.tags = [...new Set(operation.tags)];
    addSummary(operation);
  }
}

/** The same handler at a second path gets that path's words behind its id. */
function uniqueId(id: string, path: string, taken: Set<string>): string {
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== '' && word !== 'api' && word !== 'v1');
  const unique = taken.has(id) ? `${id}_at_${words.join('_')}` : id;
  taken.add(unique);
  return unique;
}

/** The comment of a handler: its first sentence is the summary, the whole of it the description, with the scopes it needs. */
function addSummary(operation: Operation): void {
  const text = operation.description ?? operation.summary ?? '';
  const summary =
    operation.description === undefined ? firstSentence(text) : (operation.summary ?? firstSentence(text));
  const scopes = (operation as { 'x-required-scopes'?: readonly string[] })['x-required-scopes'];
  const needed = scopes ? `\n\nScopes: ${scopes.map((scope) => `\`${scope}\``).join(', ')}.` : '';
  operation.summary = summary;
  operation.description = `${text}${needed}`;
}

const firstSentence = (text: string): string =>
  (text.split(/[.:](?=\s|$)|\n\s*\n/, 1)[0] ?? '').replace(/\s+/g, ' ').trim();
