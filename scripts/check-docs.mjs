// Every relative link in a Markdown file leads to a file of this repository and, with a #fragment, to a heading in it.
// Usage: node scripts/check-docs.mjs [root]. Links to other hosts are not followed.
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';

const root = resolve(process.argv[2] ?? '.');
const SKIPPED = new Set(['node_modules', 'dist', 'coverage', '.git', '.cache', '.data']);

function markdownFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return SKIPPED.has(entry.name) ? [] : markdownFiles(path);
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

/** Blanks out code, keeping line numbers, so that examples are not read as links or headings. */
function withoutCode(text) {
  const blank = (code) => code.replace(/[^\n]/g, ' ');
  return text.replace(/^( *)(```+|~~~+)[\s\S]*?^ *\2[^\n]*$/gm, blank).replace(/<!--[\s\S]*?-->/g, blank);
}

/** The fragment GitHub gives a heading: lower case, spaces to hyphens, punctuation dropped, repeats numbered. */
function anchors(text) {
  const seen = new Map();
  const found = new Set();
  for (const [, heading] of withoutCode(text).matchAll(/^ {0,3}#{1,6}\s+(.+?)\s*#*\s*$/gm)) {
    const words = heading.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1');
    const slug = words
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\p{M}\p{Pc} -]/gu, '')
      .replaceAll(' ', '-');
    const count = seen.get(slug) ?? 0;
    seen.set(slug, count + 1);
    found.add(count === 0 ? slug : `${slug}-${count}`);
  }
  for (const [, id] of text.matchAll(/<[a-z]+\s[^>]*\b(?:id|name)="([^"]+)"/g)) found.add(id);
  return found;
}

function links(text) {
  const prose = withoutCode(text).replace(/`[^`\n]*`/g, (code) => ' '.repeat(code.length));
  const inline = /\]\(\s*<?([^()\s<>]+(?:\([^()\s]*\)[^()\s<>]*)?)>?(?:\s+["'(][^)]*)?\s*\)/g;
  const reference = /^ {0,3}\[[^\]\n]+\]:\s*<?([^\s<>]+)/gm;
  const html = /<(?:a|img|source)\s[^>]*\b(?:href|src)="([^"]+)"/g;
  return [inline, reference, html].flatMap((pattern) =>
    Array.from(prose.matchAll(pattern), (match) => ({
      target: match[1],
      line: prose.slice(0, match.index).split('\n').length,
    })),
  );
}

function fault(file, target) {
  if (/^[a-z][a-z0-9+.-]*:|^\/\//i.test(target)) return null;
  const [path, fragment] = target.split('#', 2).map(decodeURIComponent);
  const full = path === '' ? file : path.startsWith('/') ? join(root, path) : resolve(dirname(file), path);
  if (full !== root && !full.startsWith(root + sep)) return 'leads out of the repository';
  if (!existsSync(full)) return 'leads nowhere';
  if (!fragment || !full.endsWith('.md') || !statSync(full).isFile()) return null;
  return anchors(readFileSync(full, 'utf8')).has(fragment) ? null : 'names no heading there';
}

let broken = 0;
for (const file of markdownFiles(root)) {
  for (const { target, line } of links(readFileSync(file, 'utf8'))) {
    const what = fault(file, target);
    if (what === null) continue;
    broken += 1;
    console.error(`${relative(root, file)}:${line}: link "${target}" ${what}`);
  }
}
process.exitCode = broken === 0 ? 0 : 1;
