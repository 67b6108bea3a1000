/** A batch of values that were sealed anew. */
export interface Resealed {
  /** Where the next batch begins; null when this was the last one. */
  readonly next: string | null;
  readonly resealed: number;
  /** Left as they are: they do not open. */
  readonly unreadable: number;
}

/** A table with sealed values, as far as the rotation of keys is concerned. Nothing here waits for a lock that somebody else holds. */
export interface SealedStore {
  readonly name: string;
  /** Seals the next values that are not under the current key, in one transaction. @param from null: at the beginning */
  resealNext(from: string | null): Promise<Resealed>;
  /** Values that are not under the current key. */
  countOld(): Promise<number>;
}
