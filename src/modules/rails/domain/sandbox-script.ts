/** What the sandbox does with a payment, steered by its remittance text. */
export type SandboxAct =
  | { readonly act: 'settle'; readonly afterMs: number }
  | { readonly act: 'reject'; readonly code: string }
  | { readonly act: 'refuse_first'; readonly times: number }
  /** Executed, but the answer is lost. */
  | { readonly act: 'timeout' }
  /** The first submission never arrives, and neither does an answer. */
  | { readonly act: 'lost' }
  | { readonly act: 'accept' }
  | { readonly act: 'return' }
  /** Settles, and cannot be taken back. */
  | { readonly act: 'irreversible' };

const SETTLE: SandboxAct = { act: 'settle', afterMs: 0 };
const PATTERN =
  /^sandbox:(?:(reject):([A-Z0-9]{2,4})|(retry):([0-9]{1,3})|(slow):([0-9]{1,6})|(timeout|lost|accept|return|irreversible))$/;

/**
 * `sandbox:reject:AC04`, `sandbox:retry:2`, `sandbox:timeout`, `sandbox:lost`, `sandbox:accept`, `sandbox:return`, `sandbox:irreversible`,
 * `sandbox:slow:500`.
 */
export function sandboxAct(remittance: string | null): SandboxAct {
  const match = remittance?.startsWith('sandbox:') ? PATTERN.exec(remittance) : null;
  if (!match) return SETTLE;
  const [, , rejectCode, , retryTimes, , slowMs, word] = match;
  if (rejectCode !== undefined) return { act: 'reject', code: rejectCode };
  if (retryTimes !== undefined) return { act: 'refuse_first', times: Number(retryTimes) };
  if (slowMs !== undefined) return { act: 'settle', afterMs: Number(slowMs) };
  return { act: word as 'timeout' | 'lost' | 'accept' | 'return' | 'irreversible' };
}
