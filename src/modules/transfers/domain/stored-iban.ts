/** A counterparty's IBAN as a transfer's row has it. */
export interface StoredIban {
  /** The transfer's id: sealed for another one, it does not open. */
  readonly id: string;
  readonly ibanSealed: Uint8Array | null;
  /** Of rows from before IBANs were sealed, until the keys are rotated. */
  readonly ibanPlain: string | null;
}

/** What is sealed. */
export interface IndexedIban {
  /** The transfer's id. */
  readonly id: string;
  readonly counterpartyIban: string;
  readonly counterpartyIndex: bigint;
}

/** What a row gets. */
export interface SealedIban {
  readonly sealed: Uint8Array;
  /** What it is found by. */
  readonly index: bigint;
}
