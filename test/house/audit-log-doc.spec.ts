import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { AuditEntryDto } from '../../src/modules/audit/http/audit-log.dto.js';
import { AUDIT_ACTIONS } from '../../src/modules/audit/domain/action.js';
import type { RecordedLine } from '../../src/modules/audit/domain/recorded-lines.js';
import { digestOfLines, hashOfEntry } from '../../src/modules/audit/application/hashes.js';

const PAGE = readFileSync(path.resolve(__dirname, '../../docs/audit-log.md'), 'utf8');

/** The fenced block of docs/audit-log.md behind a marker. */
function documented(marker: string): string {
  const block = new RegExp(`<!-- ${marker} -->\\s*\`\`\`\\w*\\n([\\s\\S]*?)\`\`\``).exec(PAGE)?.[1];
  if (block === undefined) throw new Error(`docs/audit-log.md has no block ${marker}`);
  return block;
}

describe('the hash of an entry', () => {
  it('is the one that the page about the audit log promises to whoever recomputes it', () => {
    const dto = JSON.parse(documented('entry')) as AuditEntryDto;
    const { id, chain, sequence, action, resource, reason, before, after } = dto;
    const hash = hashOfEntry({
      ...{ id, chain, sequence, action, resource, reason, before, after },
      organizationId: dto.organization_id,
      occurredAt: new Date(dto.occurred_at),
      actor: { kind: dto.actor.kind, id: dto.actor.id, keyId: dto.actor.key_id },
      requestId: dto.request_id,
      previousHash: dto.previous_hash,
    });
    expect(hash).toBe(dto.hash);
    expect(documented('command')).toContain(dto.hash);
  });
});

describe('the digest of lines', () => {
  const line = (id: string, change: Partial<RecordedLine> = {}): RecordedLine => ({
    ...{ id, from: 'submitting', to: 'settled', attempts: 1, railId: null, code: null, ...change },
  });

  it('is the one of the page about the audit log', () => {
    const lines = documented('lines')
      .trimEnd()
      .split('\n')
      .map((text) => text.split('|') as [string, string, string, string, string, string]);
    const digest = digestOfLines(
      lines.map(([id, from, to, attempts, railId, code]) => ({
        ...{ id, from, to, attempts: Number(attempts), railId: railId || null, code: code || null },
      })),
    );
    expect(documented('digest').trim()).toBe(digest);
  });

  it('is another one for other lines, in another order, or one less', () => {
    const lines = [line('a'), line('b')];
    const others = [
      [line('b'), line('a')],
      [line('a')],
      [line('a'), line('b', { to: 'failed' })],
      [line('a'), line('b', { code: 'AC04' })],
      [line('a'), line('b', { attempts: 2 })],
    ];
    const digests = [lines, ...others].map(digestOfLines);
    expect(new Set(digests).size).toBe(digests.length);
  });
});

describe('the table of actions', () => {
  it('has every action', () => {
    // Those that share a row with one of the same noun are written without it.
    const isListed = (action: string): boolean => {
      const [noun = '', verb = ''] = action.split('.');
      return PAGE.split('\n').some(
        (row) => row.startsWith(`| \`${noun}.`) && [`\`${action}\``, `\`.${verb}\``].some((name) => row.includes(name)),
      );
    };
    expect(AUDIT_ACTIONS.filter((action) => !isListed(action))).toEqual([]);
    expect(isListed('bulk_request.nothing')).toBe(false);
  });
});
