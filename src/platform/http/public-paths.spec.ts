import fc from 'fast-check';
import { isBelow, isPublicPath, pathOf, PUBLIC_PATHS } from './public-paths.js';

describe('public paths', () => {
  it('are these, and a new one is a decision', () => {
    expect(PUBLIC_PATHS).toEqual([
      '/health',
      '/health/live',
      '/health/ready',
      '/metrics',
      '/openapi.json',
      '/docs',
      '/docs/',
      '/docs/errors',
      '/redoc',
      '/redoc/redoc.css',
      '/redoc/redoc.js',
      '/redoc/redoc.standalone.js',
      '/api/v1/rails/http/events',
    ]);
  });

  it.each(['/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/docs/favicon-32x32.png'])('include %s', (path) => {
    expect(isPublicPath(path)).toBe(true);
  });

  it.each([
    '',
    '/',
    '//docs',
    '/docs//',
    '/docs/.',
    '/docs/..',
    '/docs/../x',
    '/docs/a/b',
    '/docs/%2e%2e',
    '/docs;x',
    '/Docs',
    '/docsx',
    '/health/',
    '/metrics/',
    '/api/v1/rails/http/events/',
    '/api/v1/accounts',
  ])('do not include %j', (path) => {
    expect(isPublicPath(path)).toBe(false);
  });

  it('never reach below the API, whatever is put before or behind', () => {
    const piece = fc.constantFrom('/docs', '/docs/', '..', '/', '%2e%2e', '%2f', '\\', ';', '#', '.', 'a');
    fc.assert(
      fc.property(fc.array(piece), fc.array(piece), (before, after) => {
        expect(isPublicPath(`${before.join('')}/api/v1/accounts${after.join('')}`)).toBe(false);
      }),
    );
  });

  it('are looked up without the query', () => {
    expect(pathOf('/docs?x=/../y')).toBe('/docs');
    expect(pathOf('/docs')).toBe('/docs');
  });

  it('lie below a prefix only behind a slash', () => {
    expect(isBelow('/ops/queues', '/ops/queues')).toBe(true);
    expect(isBelow('/ops/queues', '/ops/queues/api')).toBe(true);
    expect(isBelow('/ops/queues', '/ops/queuesx')).toBe(false);
  });
});
