import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { PROJECT_DIR } from '../../scripts/local-servers/places.mjs';

/**
 * A pattern of the files in packages that are CommonJS: jest needs not ask its transformer about them, thousands of files in each spec.
 *
 * @returns {string}
 */
export function commonJsPackages() {
  const names = [...esmPackages(path.join(PROJECT_DIR, 'node_modules'))];
  // What counts is the innermost package a file is in.
  return `/node_modules/(?!.*/node_modules/)(?!(?:${names.join('|')})/)`;
}

/**
 * @param {string} dir a node_modules
 * @param {Set<string>} [found]
 */
function esmPackages(dir, found = new Set()) {
  for (const name of readdirSync(dir)) {
    const names = name.startsWith('@') ? readdirSync(path.join(dir, name)).map((inner) => `${name}/${inner}`) : [name];
    for (const one of names) {
      const manifest = path.join(dir, one, 'package.json');
      if (!existsSync(manifest)) continue;
      if (JSON.parse(readFileSync(manifest, 'utf8')).type === 'module') found.add(one);
      const nested = path.join(dir, one, 'node_modules');
      if (existsSync(nested)) esmPackages(nested, found);
    }
  }
  return found;
}
