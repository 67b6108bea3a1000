import { canonicalJson } from '../../../domain/canonical-json.js';

/** What of a bulk is approved besides its lines. */
export interface PayloadHeader {
  readonly organizationId: string;
  readonly debtorAccountId: string;
  readonly currency: string;
  readonly totalMinor: bigint;
  readonly transferCount: number;
  readonly requestedExecutionDate: string | null;
  readonly rail: string;
  readonly onFailure: string;
}

/** What of a line is approved: all that decides who gets how much, and on which way. */
export interface PayloadLine {
  readonly line: number;
  readonly amountMinor: bigint;
  readonly counterpartyName: string;
  readonly counterpartyIban: string;
  readonly counterpartyBic: string | null;
  readonly description: string | null;
  readonly purposeCode: string | null;
  readonly clientTransferId: string | null;
  readonly rail: string;
  readonly creditorAccountId: string | null;
}

const FORMAT = 'tranche-payload-1';

/**
 * The canonical JSON (RFC 8785) of a payload, piece by piece: of 100,000 lines nobody needs the whole text at once. `transfers` is the last
 * member in canonical order, so that lines can be added as they are read.
 */
export class ApprovalPayload {
  private isFirst = true;

  constructor(
    header: PayloadHeader,
    private readonly take: (piece: string) => void,
  ) {
    take(`${canonicalJson(headerOf(header)).slice(0, -1)},"transfers":[`);
  }

  /** In the order of the request. */
  add(lines: readonly (PayloadLine & { readonly currency: string })[]): void {
    if (lines.length === 0) return;
    this.take((this.isFirst ? '' : ',') + canonicalJson(lines.map(lineOf)).slice(1, -1));
    this.isFirst = false;
  }

  end(): void {
    this.take(']}');
  }
}

const headerOf = (header: PayloadHeader) => ({
  currency: header.currency,
  debtor_account_id: header.debtorAccountId,
  format: FORMAT,
  on_failure: header.onFailure,
  organization_id: header.organizationId,
  rail: header.rail,
  requested_execution_date: header.requestedExecutionDate,
  total_minor: `${header.totalMinor}`,
  transfer_count: header.transferCount,
});

const lineOf = (line: PayloadLine & { readonly currency: string }) => ({
  amount_minor: `${line.amountMinor}`,
  client_transfer_id: line.clientTransferId,
  counterparty_bic: line.counterpartyBic,
  counterparty_iban: line.counterpartyIban,
  counterparty_name: line.counterpartyName,
  creditor_account_id: line.creditorAccountId,
  currency: line.currency,
  description: line.description,
  line: line.line,
  purpose_code: line.purposeCode,
  rail: line.rail,
});
