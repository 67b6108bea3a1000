import { createHash } from 'node:crypto';
import { type AuditEntry, textOfEntry } from '../domain/audit-entry.js';
import { type RecordedLine, textOfLine } from '../domain/recorded-lines.js';

/** The hash an entry has to have. */
export function hashOfEntry(entry: Omit<AuditEntry, 'hash'>): string {
  return createHash('sha256').update(textOfEntry(entry), 'utf8').digest('hex');
}

/** One digest over what became of all lines of a chunk, in the order given. */
export function digestOfLines(lines: readonly RecordedLine[]): string {
  const hash = createHash('sha256');
  for (const line of lines) hash.update(textOfLine(line), 'utf8');
  return hash.digest('hex');
}
