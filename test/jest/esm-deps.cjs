// jest runs the tests as CommonJS, and so cannot load a package that is ESM only, as Nest 12 is. This transformer rewrites those
// to CommonJS and hands every other file through untouched.
const fs = require('node:fs');
const path = require('node:path');

const rewriter = require('@swc/jest').createTransformer({
  swcrc: false,
  jsc: { target: 'es2022', parser: { syntax: 'ecmascript', importMeta: true } },
  module: { type: 'commonjs' },
  sourceMaps: false,
});

/** @type {Map<string, string>} by folder */
const moduleTypes = new Map();

/**
 * @param {string} dir
 * @returns {string} `type` of the package.json that governs the folder
 */
function moduleType(dir) {
  const known = moduleTypes.get(dir);
  if (known) return known;
  const type = readModuleType(dir);
  moduleTypes.set(dir, type);
  return type;
}

/** @param {string} dir */
function readModuleType(dir) {
  const manifest = path.join(dir, 'package.json');
  if (fs.existsSync(manifest)) return JSON.parse(fs.readFileSync(manifest, 'utf8')).type ?? 'commonjs';
  const parent = path.dirname(dir);
  return parent === dir ? 'commonjs' : moduleType(parent);
}

/** @param {string} file */
function isEsm(file) {
  return file.endsWith('.mjs') || (file.endsWith('.js') && moduleType(path.dirname(file)) === 'module');
}

module.exports = {
  process: (source, file, options) => (isEsm(file) ? rewriter.process(source, file, options) : { code: source }),
  getCacheKey: (source, file, options) =>
    `${isEsm(file) ? 'esm' : 'cjs'}-${rewriter.getCacheKey(source, file, options)}`,
};
