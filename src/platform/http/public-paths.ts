/** Paths whose callers sign the body instead of sending a key. */
export const SIGNED_PATHS: readonly string[] = ['/api/v1/rails/http/events'];

/** Paths that answer without a key, literally: no pattern, no prefix, no normalization. */
export const PUBLIC_PATHS: readonly string[] = [
  '/health',
  '/health/live',
  '/health/ready',
  '/metrics', // unless METRICS_TOKEN is set
  '/openapi.json',
  '/docs',
  '/docs/',
  '/docs/errors',
  '/redoc',
  '/redoc/redoc.css',
  '/redoc/redoc.js',
  '/redoc/redoc.standalone.js',
  ...SIGNED_PATHS,
];

/** The files of Swagger UI: one plain name below `/docs/`, so nothing can climb out of it. */
const DOCS_FILE = /^\/docs\/[A-Za-z0-9][A-Za-z0-9._-]*$/;

/** @param path the path as it was sent: neither decoded nor normalized, without the query */
export function isPublicPath(path: string): boolean {
  return PUBLIC_PATHS.includes(path) || DOCS_FILE.test(path);
}

const PROBES: readonly string[] = ['/health', '/health/live', '/health/ready', '/metrics'];

/** What probes and scrapes ask for, from inside. */
export const isProbePath = (path: string): boolean => PROBES.includes(path);

/** What people open in a browser, and what the pages they open need. */
export const isDocsPath = (path: string): boolean =>
  isPublicPath(path) && !isProbePath(path) && !SIGNED_PATHS.includes(path);

/** Bull Board speaks HTTP Basic and authenticates in its own plugin. */
export const OPERATIONS_PREFIX = '/ops/queues';

export function isBelow(prefix: string, path: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** The part of a request target before the query. */
export function pathOf(url: string): string {
  const query = url.indexOf('?');
  return query < 0 ? url : url.slice(0, query);
}
