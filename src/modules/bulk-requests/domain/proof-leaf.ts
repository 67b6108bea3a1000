import { canonicalJson } from '../../../domain/canonical-json.js';
import { railReference } from '../../../domain/ids.js';
import { formatAmount } from '../../../domain/money.js';

/** A line as its hash covers it, members in the order of canonical JSON. docs/proof.md tells payees about it: it never changes. */
export interface ProofLeaf {
  readonly amount: string;
  readonly counterparty_iban: string;
  readonly counterparty_name: string;
  readonly currency: string;
  readonly line: number;
  readonly rail_id: string | null;
  readonly rail_reference: string;
  readonly status: string;
  readonly transfer_id: string;
}

export interface ProvenLine {
  readonly id: string;
  readonly line: number;
  readonly railId: string | null;
  readonly amountMinor: bigint;
  readonly currency: string;
  readonly counterpartyName: string;
  readonly counterpartyIban: string;
  readonly status: string;
}

export const proofLeaf = (line: ProvenLine): ProofLeaf => ({
  amount: formatAmount(line.amountMinor, line.currency),
  counterparty_iban: line.counterpartyIban,
  counterparty_name: line.counterpartyName,
  currency: line.currency,
  line: line.line,
  rail_id: line.railId,
  rail_reference: railReference(line.id),
  status: line.status,
  transfer_id: line.id,
});

const encoder = new TextEncoder();

/** What is hashed: the canonical JSON in UTF-8. */
export const leafBytes = (leaf: ProofLeaf): Uint8Array => encoder.encode(canonicalJson(leaf));
