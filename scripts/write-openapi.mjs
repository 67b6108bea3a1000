// Writes the OpenAPI document of the built application. Needs a build, but neither PostgreSQL nor Redis.
// Usage: node scripts/write-openapi.mjs FILE
import { existsSync, writeFileSync } from 'node:fs';

const [file] = process.argv.slice(2);
const built = new URL('../dist/app/openapi.js', import.meta.url);

if (file === undefined) {
  console.error('usage: node scripts/write-openapi.mjs FILE');
  process.exit(2);
}
if (!existsSync(built)) {
  console.error('dist/app/openapi.js does not exist; run npm run build');
  process.exit(1);
}
const { buildOpenApiDocument } = await import(built.href);
writeFileSync(file, `${JSON.stringify(await buildOpenApiDocument(), null, 2)}\n`);
