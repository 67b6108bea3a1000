import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance } from 'fastify';
import { errorPage } from './error-page.js';
import { REDOC_PAGE, REDOC_SCRIPT, REDOC_STYLE } from './redoc-page.js';

export interface DocsSettings {
  /** A JSON file `{demo_api_key}` that a local start writes once it has made the key. */
  readonly demoKeyFile: string | undefined;
}

/** Swagger UI at `/docs`, ReDoc at `/redoc`, the document at `/openapi.json`. Every byte comes from here. */
export function serveDocs(app: NestFastifyApplication, document: OpenAPIObject, { demoKeyFile }: DocsSettings): void {
  SwaggerModule.setup('docs', app, document, {
    raw: false,
    customSiteTitle: 'Tranche API',
    swaggerOptions: { persistAuthorization: true, tryItOutEnabled: true, displayRequestDuration: true },
    patchDocumentOnRequest: (_request, _reply, published) => withDemoKey(published, demoKeyFile),
  });
  const instance = app.getHttpAdapter().getInstance();
  serve(instance, '/openapi.json', 'application/json; charset=utf-8', JSON.stringify(document));
  serve(instance, '/docs/errors', 'text/html; charset=utf-8', errorPage());
  serve(instance, '/redoc', 'text/html; charset=utf-8', REDOC_PAGE);
  serve(instance, '/redoc/redoc.css', 'text/css; charset=utf-8', REDOC_STYLE);
  serve(instance, '/redoc/redoc.js', 'text/javascript; charset=utf-8', REDOC_SCRIPT);
  serve(instance, '/redoc/redoc.standalone.js', 'text/javascript; charset=utf-8', lazy(redocBundle));
}

function serve(instance: FastifyInstance, path: string, contentType: string, content: string | (() => Buffer)): void {
  instance.get(path, (_request, reply) => {
    void reply.header('content-type', contentType).send(typeof content === 'string' ? content : content());
  });
}

/** ReDoc shows its maker's logo from another host, and has no option against it. */
const FOREIGN_LOGO = /https:\/\/cdn\.redoc\.ly\/[^"'`]*/g;

function redocBundle(): Buffer {
  const path = createRequire(import.meta.url).resolve('redoc/bundles/redoc.standalone.js');
  return Buffer.from(readFileSync(path, 'utf8').replace(FOREIGN_LOGO, 'data:,'));
}

/** A megabyte that few processes ever serve. */
function lazy(read: () => Buffer): () => Buffer {
  let content: Buffer | undefined;
  return () => (content ??= read());
}

/** The key appears after the first start, when the demo data is there: the file is read when the page is opened. */
export function withDemoKey(document: OpenAPIObject, demoKeyFile: string | undefined): OpenAPIObject {
  const key = demoKeyFile === undefined ? null : readDemoKey(demoKeyFile);
  if (key === null) return document;
  const note = `\n\n**Demo key**, for this local installation only: \`${key}\` — press *Authorize* and paste it.`;
  return { ...document, info: { ...document.info, description: `${document.info.description ?? ''}${note}` } };
}

function readDemoKey(file: string): string | null {
  try {
    const { demo_api_key: key } = JSON.parse(readFileSync(file, 'utf8')) as { demo_api_key?: unknown };
    return typeof key === 'string' && key !== '' ? key : null;
  } catch {
    return null; // not written yet
  }
}
