import { ApiProperty } from '@nestjs/swagger';
import { IsInt, IsOptional, IsUUID, Min } from 'class-validator';
import { fieldErrors } from '../../../domain/errors.js';
import { maskIban } from '../../../domain/iban.js';
import { formatAmount } from '../../../domain/money.js';
import { QuerySchema } from '../../../platform/http/index.js';
import type { LedgerEntryKind } from '../../ledger/index.js';
import { TRANSFER_STATUSES } from '../../transfers/index.js';
import type { BulkRequestProof, ChosenLine, LineProof } from '../application/prove-bulk-request.js';
import { BULK_REQUEST_STATUSES } from '../domain/bulk-request.state.js';
import type { ProofLeaf } from '../domain/proof-leaf.js';
import { NOTHING } from '../domain/proof.js';

const ALGORITHM = 'sha-256 merkle tree (RFC 9162 section 2.1)';

@QuerySchema()
export class BulkRequestProofQuery {
  /**
   * Prove this line too: its position in the request, counted from 0. Not together with `transfer_id`.
   * @example 0
   */
  @ApiProperty({ type: 'integer', required: false })
  @IsOptional()
  @IsInt()
  @Min(0)
  line?: number;

  /** Prove this line too, by the id of its transfer. */
  @ApiProperty({ format: 'uuid', required: false })
  @IsOptional()
  @IsUUID()
  transfer_id?: string;
}

/** @throws invalid_request when both are given */
export function chosenLine({ line, transfer_id: transferId }: BulkRequestProofQuery): ChosenLine | null {
  if (line !== undefined && transferId !== undefined) {
    const detail = 'A line is named by line or by transfer_id, not by both.';
    throw fieldErrors('invalid', [{ pointer: '/query/transfer_id', code: 'too_many', detail }]);
  }
  if (line !== undefined) return { line };
  return transferId === undefined ? null : { transferId: transferId.toLowerCase() };
}

export class BookedSumDto {
  /** @example 2 */
  entries: number;
  /**
   * Of their amounts, whichever account they went to.
   * @example "351.50"
   */
  sum: string;
}

/** Ledger entries of the lines, by kind. */
export class BookedSumsDto implements Record<
  Exclude<LedgerEntryKind, 'bank_credit' | 'bank_debit' | 'correction'>,
  BookedSumDto
> {
  /** Lines that were paid. */
  settlement: BookedSumDto;
  /** Paid lines that came back. */
  return: BookedSumDto;
  /** Lines that take a payment of another bulk request back. */
  reversal: BookedSumDto;
  /** Payments that arrived on accounts of other organizations here. */
  book_delivery: BookedSumDto;
  /** What the rail says otherwise than our books, until a person decides. */
  suspense: BookedSumDto;
}

/** The reservation on the debtor account. */
export class ProofHoldDto {
  /** @example "500.00" */
  amount: string;
  /**
   * Left the account.
   * @example "351.50"
   */
  captured: string;
  /**
   * Became available again.
   * @example "148.50"
   */
  released: string;
}

export class ProofLinesDto {
  /** @example 3 */
  count: number;
  @ApiProperty({ enum: [ALGORITHM], example: ALGORITHM })
  algorithm: string;
  /**
   * The hash over all lines, hexadecimal: it changes when any line does.
   * @example "702446159321c9d97378cc0fcf3da2a03a8c01dba7a9efb5426c17f49c31e1a4"
   */
  root: string;
}

/** One line as its hash covers it: canonical JSON (RFC 8785) of these members, with the IBAN in full. */
export class ProofLeafDto implements ProofLeaf {
  /** @example "100.00" */
  amount: string;
  /**
   * Masked unless the key has `transfers:read-pii`; put the full one in its place to compute the hash.
   * @example "DE89370400440532013000"
   */
  counterparty_iban: string;
  /** @example "John Doe" */
  counterparty_name: string;
  /** @example "EUR" */
  currency: string;
  /**
   * Position in the request, counted from 0.
   * @example 0
   */
  line: number;
  /** What the rail calls the payment. */
  @ApiProperty({ type: 'string', nullable: true, example: 'sbx-01a1fe1c603875b4935dfacf9390b965' })
  rail_id: string | null;
  /** @example "01a1fe1c603875b4935dfacf9390b965" */
  rail_reference: string;
  @ApiProperty({ enum: TRANSFER_STATUSES, example: 'settled' })
  status: string;
  @ApiProperty({ format: 'uuid', example: '01a1fe1c-6038-75b4-935d-facf9390b965' })
  transfer_id: string;
}

/** Ties one line to `lines.root` without showing another one; `docs/proof.md` has a script that checks it. */
export class LineProofDto {
  /** @example 0 */
  line: number;
  /**
   * Position in the tree, counted from 0. Less than `line` where earlier lines of the request were not accepted.
   * @example 0
   */
  leaf_index: number;
  leaf: ProofLeafDto;
  /** @example "75bae069b91ab49ef2ca14103c703d738713bba9a76537406608e09ba66ef56e" */
  leaf_hash: string;
  /** Hashes beside the way from the leaf to the root, the nearest first. */
  @ApiProperty({
    type: [String],
    example: [
      'b7149a13c5a314921237ac0c35c1f2a0181c189a094e19c42cf0efea582b7720',
      '4ca946e1844d87912f915eb3d8b187a28e707aba86202457be6dbc836442c4e9',
    ],
  })
  path: string[];
  /** @example 3 */
  tree_size: number;
}

/** Amounts with all decimals of the currency; reserved = settled + released + open. */
export class BulkRequestProofDto {
  @ApiProperty({ format: 'uuid', example: '01a1fe1c-602c-76ec-ab42-1b8fe40888de' })
  bulk_request_id: string;
  @ApiProperty({ enum: BULK_REQUEST_STATUSES, example: 'partially_completed' })
  status: string;
  /** @example "EUR" */
  currency: string;
  /**
   * Everything committed before is in it, and all of it was read at one moment.
   * @example "2026-11-21T12:37:16.035Z"
   */
  as_of: string;
  /**
   * Reserved on the debtor account at acceptance. `0.00`, as the three below, when the bulk request takes payments back.
   * @example "500.00"
   */
  reserved: string;
  /**
   * Paid, what came back later included.
   * @example "351.50"
   */
  settled: string;
  /**
   * Available again: the lines failed or were cancelled.
   * @example "148.50"
   */
  released: string;
  /**
   * Not decided yet, and still reserved.
   * @example "0.00"
   */
  open: string;
  /**
   * The part of `settled` that came back.
   * @example "0.00"
   */
  returned: string;
  /**
   * Lines, hold and ledger agree. False is an error of ours: report it.
   * @example true
   */
  balanced: boolean;
  ledger: BookedSumsDto;
  /** Null when nothing was reserved. */
  @ApiProperty({ type: ProofHoldDto, nullable: true })
  hold: ProofHoldDto | null;
  lines: ProofLinesDto;
  /** Of the line that was asked for; null when none was. */
  @ApiProperty({ type: LineProofDto, nullable: true })
  line_proof: LineProofDto | null;
}

export function bulkRequestProofDto(proof: BulkRequestProof, showIbans: boolean): BulkRequestProofDto {
  const { bulk, facts, reservation, tree } = proof;
  const { hold, lines } = facts;
  const amount = (minor: bigint): string => formatAmount(minor, bulk.currency);
  const booked = (kind: LedgerEntryKind): BookedSumDto => {
    const { count, sumMinor } = facts.booked.get(kind) ?? NOTHING;
    return { entries: count, sum: amount(sumMinor) };
  };
  return {
    bulk_request_id: bulk.id,
    status: bulk.status,
    currency: bulk.currency,
    as_of: proof.takenAt.toISOString(),
    reserved: amount(reservation.reservedMinor),
    settled: amount(reservation.settledMinor),
    released: amount(reservation.releasedMinor),
    open: amount(reservation.openMinor),
    returned: amount(lines.returned.sumMinor),
    balanced: proof.isBalanced,
    ledger: {
      settlement: booked('settlement'),
      return: booked('return'),
      reversal: booked('reversal'),
      book_delivery: booked('book_delivery'),
      suspense: booked('suspense'),
    },
    hold: hold && {
      amount: amount(hold.amountMinor),
      captured: amount(hold.capturedMinor),
      released: amount(hold.releasedMinor),
    },
    lines: { count: tree.size, algorithm: ALGORITHM, root: hex(tree.root) },
    line_proof: proof.lineProof && lineProofDto(proof.lineProof, tree.size, showIbans),
  };
}

function lineProofDto(proof: LineProof, treeSize: number, showIbans: boolean): LineProofDto {
  const { leaf } = proof;
  return {
    line: leaf.line,
    leaf_index: proof.leafIndex,
    leaf: showIbans ? leaf : { ...leaf, counterparty_iban: maskIban(leaf.counterparty_iban) },
    leaf_hash: hex(proof.leafHash),
    path: proof.path.map(hex),
    tree_size: treeSize,
  };
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
