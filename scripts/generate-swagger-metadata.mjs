// Writes src/metadata.ts: what the swagger plugin of nest-cli.json reads out of types and comments during `nest build`. The
// tests, which swc compiles without that plugin, load it instead (see test/support).
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { PluginMetadataGenerator } from '@nestjs/cli/lib/compiler/plugins/plugin-metadata-generator.js';
import { ReadonlyVisitor } from '@nestjs/swagger/plugin';

const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const src = path.join(root, 'src');
const { compilerOptions } = JSON.parse(readFileSync(path.join(root, 'nest-cli.json'), 'utf8'));
const { options } = compilerOptions.plugins.find(({ name }) => name === '@nestjs/swagger');

process.chdir(root); // the generator looks for tsconfig.json from here
new PluginMetadataGenerator().generate({
  visitors: [new ReadonlyVisitor({ ...options, pathToSource: src })],
  outputDir: src,
  tsconfigPath: 'tsconfig.json',
});
