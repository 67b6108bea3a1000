/** SHA-256 or another hash. Passed in, because nothing outside is known here. */
export type Hash = (data: Uint8Array) => Uint8Array;

/** That a leaf is in a tree, for whoever knows the leaf and the tree's root. */
export interface Inclusion {
  /** Position in the tree, counted from 0. */
  readonly leafIndex: number;
  readonly leafHash: Uint8Array;
  /** The hashes beside the way from the leaf to the root, the leaf's own neighbour first. */
  readonly path: readonly Uint8Array[];
}

interface Subtree {
  readonly hash: Uint8Array;
  readonly leafCount: number;
  /** The chosen leaf is in it. */
  readonly isOnPath: boolean;
}

/** What goes before a leaf and before two joined hashes, so that neither can pass for the other. */
const LEAF_PREFIX = 0x00;
const NODE_PREFIX = 0x01;

/**
 * The Merkle tree of RFC 9162, section 2.1, over leaves that come one by one. It keeps the hashes of one subtree per level and of the
 * one path that was asked for, never the leaves.
 */
export class MerkleTree {
  /** Full subtrees from left to right, each larger than the next: the binary digits of `size`. */
  private readonly subtrees: Subtree[] = [];
  private readonly path: Uint8Array[] = [];
  private chosen: Pick<Inclusion, 'leafIndex' | 'leafHash'> | null = null;
  private leafCount = 0;

  constructor(private readonly hash: Hash) {}

  get size(): number {
    return this.leafCount;
  }

  /** @param isChosen this is the leaf, one of all, whose inclusion will be asked for */
  append(leaf: Uint8Array, isChosen = false): void {
    const hash = this.hash(joined(LEAF_PREFIX, leaf));
    if (isChosen) this.chosen = { leafIndex: this.leafCount, leafHash: hash };
    this.leafCount++;
    let right: Subtree = { hash, leafCount: 1, isOnPath: isChosen };
    for (let left = this.subtrees.at(-1); left?.leafCount === right.leafCount; left = this.subtrees.at(-1)) {
      this.subtrees.pop();
      right = this.join(left, right, this.path);
    }
    this.subtrees.push(right);
  }

  /** The hash over everything appended so far. Of nothing, it is the hash of nothing. */
  root(): Uint8Array {
    return this.joinAll([])?.hash ?? this.hash(new Uint8Array());
  }

  /** Of the chosen leaf, in the tree as it is now; null when none was chosen. */
  inclusion(): Inclusion | null {
    if (this.chosen === null) return null;
    const path = [...this.path];
    this.joinAll(path);
    return { ...this.chosen, path };
  }

  /** The incomplete rest on the right hangs below the larger subtrees on its left. */
  private joinAll(path: Uint8Array[]): Subtree | null {
    return this.subtrees.reduceRight<Subtree | null>(
      (right, left) => (right === null ? left : this.join(left, right, path)),
      null,
    );
  }

  private join(left: Subtree, right: Subtree, path: Uint8Array[]): Subtree {
    if (left.isOnPath) path.push(right.hash);
    if (right.isOnPath) path.push(left.hash);
    return {
      hash: this.hash(joined(NODE_PREFIX, left.hash, right.hash)),
      leafCount: left.leafCount + right.leafCount,
      isOnPath: left.isOnPath || right.isOnPath,
    };
  }
}

function joined(prefix: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((length, part) => length + part.length, 1));
  bytes[0] = prefix;
  let at = 1;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
