import { readFileSync } from 'node:fs';
import path from 'node:path';

const read = (file: string): string => readFileSync(path.resolve(__dirname, '../..', file), 'utf8');

/** What Node is given before the entrypoint, in the order of the file. */
function flagsIn(text: string): string[][] {
  const commands = text.split(/(?=--enable-source-maps)/).slice(1);
  return commands.map((command) => {
    const [flags = ''] = command.split(/dist|path\.join/);
    return flags.match(/--[a-z-]+(=\d+)?/g) ?? [];
  });
}

/** ADR 0015: how much memory a process takes, and how fast it is, depends on them. */
describe('Node', () => {
  const FLAGS = ['--enable-source-maps', '--max-semi-space-size=32', '--heap-growing-percent=30'];
  it.each([
    ['package.json', 2],
    ['scripts/processes.mjs', 1],
    ['docker-compose.yml', 2],
    ['Dockerfile', 1],
  ])('gets the same flags from %s', (file, times) => {
    expect(flagsIn(read(file))).toEqual(Array.from({ length: times }, () => FLAGS));
  });
});
