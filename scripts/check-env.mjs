// Holds .env.example, docs/configuration.md and docker-compose.yml against the one configuration schema, both directions.
// Usage: node scripts/check-env.mjs [root]. Needs a build: the schema is read from dist.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = resolve(process.argv[2] ?? '.');
const problems = [];
const read = (file) => {
  if (existsSync(join(root, file))) return readFileSync(join(root, file), 'utf8');
  problems.push(`${file} does not exist`);
  return '';
};
const matches = (text, pattern) => new Set(Array.from(text.matchAll(pattern), (match) => match[1]));
const missingFrom = (names, others) => [...names].filter((name) => !others.has(name));

async function schemaFields() {
  const built = join(root, 'dist', 'config', 'config.schema.js');
  if (!existsSync(built)) throw new Error(`${built} does not exist; run npm run build`);
  let { configSchema: schema } = await import(pathToFileURL(built).href);
  // A transformed object is a pipe whose input is the object.
  while (schema !== undefined && schema.shape === undefined) schema = schema.def?.in;
  if (schema === undefined) throw new Error('config.schema.ts exports no zod object named configSchema');
  return schema.shape;
}

/** `NAME=value`, or `# NAME=value` for a setting shown with its default. */
function exampleEntries(text) {
  return Array.from(text.matchAll(/^(#? ?)([A-Z][A-Z0-9_]*)=(.*)$/gm), ([, comment, name, value]) => ({
    name,
    value: value.trim().replace(/^(['"])(.*)\1$/, '$2'),
    isSet: comment === '',
  }));
}

/** Ways to give a secret beside its own variable: `NAME_FILE`. */
async function secretFileNames() {
  const built = join(root, 'dist', 'config', 'secrets.js');
  if (!existsSync(built)) return [];
  const { SECRETS } = await import(pathToFileURL(built).href);
  return SECRETS.map((name) => `${name}_FILE`);
}

/** Names that scripts read and the product does not, such as REDIS_SERVER_BIN. */
function scriptNames() {
  const folder = join(root, 'scripts');
  const files = existsSync(folder)
    ? readdirSync(folder, { recursive: true }).filter((file) => file.endsWith('.mjs'))
    : [];
  return files.flatMap((file) => [...matches(readFileSync(join(folder, file), 'utf8'), /process\.env\.([A-Z0-9_]+)/g)]);
}

function checkExample(fields, composeNames) {
  const entries = exampleEntries(read('.env.example'));
  const named = new Set(entries.map(({ name }) => name));
  const known = new Set([...Object.keys(fields), ...composeNames]);
  for (const name of missingFrom(Object.keys(fields), named)) problems.push(`.env.example lacks ${name}`);
  for (const name of missingFrom(named, known)) problems.push(`.env.example names ${name}, which nothing reads`);
  for (const { name } of entries.filter(({ name }, at) => entries.findIndex((one) => one.name === name) !== at)) {
    problems.push(`.env.example names ${name} twice`);
  }
  for (const { name, value } of entries.filter((entry) => entry.isSet && entry.value !== '' && fields[entry.name])) {
    // The value itself may be a secret by mistake: name the key only.
    if (!fields[name].safeParse(value).success)
      problems.push(`.env.example gives ${name} a value that is refused at boot`);
  }
}

function checkReference(fields, composeNames, secretFiles) {
  const text = read('docs/configuration.md');
  const inBackticks = matches(text, /`([A-Z][A-Z0-9_]*)`/g);
  // A single word in backticks may be anything (`COPY`, `EUR`) unless it opens a row of the reference table.
  const documented = new Set([
    ...[...inBackticks].filter((name) => name.includes('_')),
    ...matches(text, /^\|\s*`([A-Z][A-Z0-9_]*)`\s*\|/gm),
  ]);
  const known = new Set([...Object.keys(fields), ...composeNames, ...secretFiles, ...scriptNames()]);
  for (const name of missingFrom(Object.keys(fields), inBackticks))
    problems.push(`docs/configuration.md lacks ${name}`);
  for (const name of missingFrom(documented, known))
    problems.push(`docs/configuration.md names ${name}, which nothing reads`);
}

/** What compose hands to the product must be something the product reads. */
function checkCompose(fields, compose, secretFiles) {
  const block = /^x-tranche-environment:.*\n((?:[ #].*\n|\n)*)/m.exec(compose);
  if (block === null) return problems.push('docker-compose.yml has no x-tranche-environment block');
  const known = new Set([...Object.keys(fields), ...secretFiles]);
  for (const name of missingFrom(matches(block[1], /^ {2}([A-Z][A-Z0-9_]*):/gm), known)) {
    problems.push(`docker-compose.yml sets ${name}, which nothing reads`);
  }
}

try {
  const fields = await schemaFields();
  const compose = read('docker-compose.yml');
  const composeNames = matches(compose, /\$\{([A-Z][A-Z0-9_]*)/g);
  checkExample(fields, composeNames);
  const secretFiles = await secretFileNames();
  checkReference(fields, composeNames, secretFiles);
  checkCompose(fields, compose, secretFiles);
} catch (error) {
  problems.push(error.message);
}
for (const problem of problems) console.error(`environment: ${problem}`);
process.exitCode = problems.length === 0 ? 0 : 1;
