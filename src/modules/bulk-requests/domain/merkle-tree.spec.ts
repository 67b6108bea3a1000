import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { type Hash, type Inclusion, MerkleTree } from './merkle-tree.js';

const sha256: Hash = (data) => createHash('sha256').update(data).digest();
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const bytes = (text: string): Uint8Array => Buffer.from(text, 'hex');
const nodeHash = (left: Uint8Array, right: Uint8Array): Uint8Array =>
  sha256(Buffer.concat([[1], left, right].map(toBuffer)));
const leafHash = (leaf: Uint8Array): Uint8Array => sha256(Buffer.concat([[0], leaf].map(toBuffer)));
const toBuffer = (part: Uint8Array | number[]): Buffer => Buffer.from(part);

function treeOf(leaves: readonly Uint8Array[], chosen?: number): MerkleTree {
  const tree = new MerkleTree(sha256);
  leaves.forEach((leaf, index) => tree.append(leaf, index === chosen));
  return tree;
}

function inclusionOf(leaves: readonly Uint8Array[], chosen: number): Inclusion {
  const inclusion = treeOf(leaves, chosen).inclusion();
  if (inclusion === null) throw new Error('The chosen leaf has no inclusion.');
  return inclusion;
}

/** The definition of RFC 9162, section 2.1.1, word for word. */
function merkleTreeHash(leaves: readonly Uint8Array[]): Uint8Array {
  const [first] = leaves;
  if (first === undefined) return sha256(new Uint8Array());
  if (leaves.length === 1) return leafHash(first);
  const k = largestPowerBelow(leaves.length);
  return nodeHash(merkleTreeHash(leaves.slice(0, k)), merkleTreeHash(leaves.slice(k)));
}

/** The definition of section 2.1.3.1. */
function pathOf(m: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length === 1) return [];
  const k = largestPowerBelow(leaves.length);
  const [left, right] = [leaves.slice(0, k), leaves.slice(k)];
  return m < k ? [...pathOf(m, left), merkleTreeHash(right)] : [...pathOf(m - k, right), merkleTreeHash(left)];
}

const largestPowerBelow = (n: number): number => 2 ** Math.ceil(Math.log2(n) - 1);

/** The algorithm of section 2.1.3.2: what a stranger runs. */
function verifies(inclusion: Inclusion, size: number, root: Uint8Array): boolean {
  if (inclusion.leafIndex >= size) return false;
  let [fn, sn] = [inclusion.leafIndex, size - 1];
  let hash = inclusion.leafHash;
  for (const sibling of inclusion.path) {
    if (sn === 0) return false;
    if (fn % 2 === 1 || fn === sn) {
      hash = nodeHash(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) [fn, sn] = [fn >> 1, sn >> 1];
    } else {
      hash = nodeHash(hash, sibling);
    }
    [fn, sn] = [fn >> 1, sn >> 1];
  }
  return sn === 0 && hex(hash) === hex(root);
}

const aLeaf = fc.uint8Array({ maxLength: 40 });
const someLeaves = fc.array(aLeaf, { minLength: 1, maxLength: 70 });
const chosenOfSome = someLeaves.chain((leaves) =>
  fc.record({ leaves: fc.constant(leaves), chosen: fc.nat({ max: leaves.length - 1 }) }),
);
const flipped = (data: Uint8Array, bit: number): Uint8Array =>
  data.map((byte, index) => (index === (bit >> 3) % data.length ? byte ^ (1 << (bit & 7)) : byte));

describe('the tree of RFC 9162', () => {
  /** The test data of Certificate Transparency's own implementations. */
  const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
  const ROOTS = [
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
    'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
    'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
    'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
    '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
    'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
    '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
  ];

  it.each(ROOTS.map((root, size) => ({ size, root })))('has the known root over $size leaves', ({ size, root }) => {
    const tree = treeOf(LEAVES.slice(0, size).map(bytes));
    expect([tree.size, hex(tree.root())]).toEqual([size, root]);
  });

  it('has the known path of the first of eight leaves', () => {
    expect(inclusionOf(LEAVES.map(bytes), 0).path.map(hex)).toEqual([
      '96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7',
      '5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e',
      '6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4',
    ]);
  });

  it('has the paths of the example of seven leaves in section 2.1.5', () => {
    const leaves = LEAVES.slice(0, 7).map(bytes);
    const [a, b, c, d, e, f, j] = leaves.map(leafHash) as [
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
      Uint8Array,
    ];
    const [g, h, i] = [nodeHash(a, b), nodeHash(c, d), nodeHash(e, f)];
    const [k, l] = [nodeHash(g, h), nodeHash(i, j)];
    expect(inclusionOf(leaves, 0).path).toEqual([b, h, l]);
    expect(inclusionOf(leaves, 3).path).toEqual([c, g, l]);
    expect(inclusionOf(leaves, 4).path).toEqual([f, j, k]);
    expect(inclusionOf(leaves, 6).path).toEqual([i, k]);
  });

  it('is that of the definition, leaf by leaf', () => {
    fc.assert(
      fc.property(chosenOfSome, ({ leaves, chosen }) => {
        expect(hex(treeOf(leaves).root())).toBe(hex(merkleTreeHash(leaves)));
        expect(inclusionOf(leaves, chosen).path.map(hex)).toEqual(pathOf(chosen, leaves).map(hex));
      }),
    );
  });

  it('grows: what it says of a leaf is right at every size', () => {
    const tree = new MerkleTree(sha256);
    for (let size = 1; size <= 66; size++) {
      tree.append(Buffer.from(`leaf ${size - 1}`), size === 6);
      const inclusion = tree.inclusion();
      if (size < 6) expect(inclusion).toBeNull();
      else expect(inclusion !== null && verifies(inclusion, size, tree.root())).toBe(true);
    }
  });
});

describe('the inclusion of a leaf', () => {
  it('verifies in every tree, for every leaf', () => {
    fc.assert(
      fc.property(chosenOfSome, ({ leaves, chosen }) => {
        const inclusion = inclusionOf(leaves, chosen);
        expect(hex(inclusion.leafHash)).toBe(hex(leafHash(leaves[chosen] as Uint8Array)));
        expect(verifies(inclusion, leaves.length, treeOf(leaves).root())).toBe(true);
      }),
    );
  });

  it('does not verify for any other leaf, path or root', () => {
    fc.assert(
      fc.property(chosenOfSome, fc.nat({ max: 255 }), fc.nat(), ({ leaves, chosen }, bit, step) => {
        const inclusion = inclusionOf(leaves, chosen);
        const root = treeOf(leaves).root();
        const size = leaves.length;
        const { path } = inclusion;
        const at = path.length === 0 ? 0 : step % path.length;
        const bentPath = path.map((hash, index) => (index === at ? flipped(hash, bit) : hash));
        expect(verifies({ ...inclusion, leafHash: flipped(inclusion.leafHash, bit) }, size, root)).toBe(false);
        expect(verifies(inclusion, size, flipped(root, bit))).toBe(false);
        expect(verifies({ ...inclusion, path: [...path, root] }, size, root)).toBe(false);
        if (path.length === 0) return;
        expect(verifies({ ...inclusion, path: bentPath }, size, root)).toBe(false);
        expect(verifies({ ...inclusion, path: path.slice(1) }, size, root)).toBe(false);
      }),
    );
  });

  it('does not verify when any leaf of the tree changed', () => {
    fc.assert(
      fc.property(chosenOfSome, aLeaf, fc.nat(), ({ leaves, chosen }, other, step) => {
        const at = step % leaves.length;
        fc.pre(hex(other) !== hex(leaves[at] as Uint8Array));
        const changed = treeOf(leaves.map((leaf, index) => (index === at ? other : leaf)));
        expect(verifies(inclusionOf(leaves, chosen), leaves.length, changed.root())).toBe(false);
      }),
    );
  });

  it('is none when no leaf was chosen', () => {
    expect(treeOf([bytes('00'), bytes('10')]).inclusion()).toBeNull();
  });

  it('takes an inner node for no leaf: the two are hashed apart', () => {
    const [left, right] = [bytes('00'), bytes('10')];
    const asLeaf = Buffer.concat([leafHash(left), leafHash(right)]);
    expect(hex(treeOf([asLeaf]).root())).not.toBe(hex(treeOf([left, right]).root()));
  });
});
