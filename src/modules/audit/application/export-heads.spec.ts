import type { Config } from '../../../config/config.schema.js';
import type { Database } from '../../../platform/database/index.js';
import { createLogger } from '../../../platform/logging/index.js';
import type { Loop, Loops } from '../../../platform/scheduling/index.js';
import { type AuditHead, NO_HASH } from '../domain/audit-entry.js';
import type { AuditLogRepository } from '../persistence/audit-log.repository.js';
import { ExportHeads } from './export-heads.js';

jest.mock('../../../platform/logging/index.js', () => {
  const logger = { info: jest.fn(), warn: jest.fn(), error: jest.fn() };
  return { createLogger: () => logger };
});

const { info, error } = jest.mocked(createLogger('audit'));

const headOf = (organizationId: string | null, sequence: number, hash = `hash-${sequence}`): AuditHead => ({
  ...{ organizationId, chain: 'changes', sequence, hash },
});
const told = (organizationId: string | null, sequence: number, hash = `hash-${sequence}`) => ({
  ...{ event: 'audit_head', organization_id: organizationId, chain: 'changes', sequence, hash },
});

describe('the heads of the chains', () => {
  let heads: AuditHead[];
  let loop: Loop;
  beforeEach(() => {
    const loops: Loop[] = [];
    const repository = { listAllHeads: async () => heads } as unknown as AuditLogRepository;
    new ExportHeads(
      { as: () => ({}) } as unknown as Database,
      repository,
      { add: (added: Loop) => loops.push(added) } as unknown as Loops,
      { AUDIT_HEAD_EXPORT_INTERVAL_MS: 5_000 } as Config,
    ).onModuleInit();
    [loop] = loops as [Loop];
  });
  afterEach(() => jest.clearAllMocks());

  /** What one turn tells. */
  async function turn(...now: AuditHead[]): Promise<unknown[]> {
    heads = now;
    info.mockClear();
    await expect(loop.run()).resolves.toBe(false);
    return info.mock.calls.map(([fields]) => fields);
  }

  it('are told at first, and then those that moved', async () => {
    expect(loop.intervalMs).toBe(5_000);
    expect(await turn(headOf(null, 1), headOf('acme', 3))).toEqual([told(null, 1), told('acme', 3)]);
    expect(await turn(headOf(null, 1), headOf('acme', 3))).toEqual([]);
    expect(await turn(headOf(null, 1), headOf('acme', 5), headOf('new', 1))).toEqual([told('acme', 5), told('new', 1)]);
    expect(error).not.toHaveBeenCalled();
  });

  it.each([
    ['shorter', headOf('acme', 2)],
    ['as long, with another end', headOf('acme', 3, 'forged')],
  ])('are told loudly when a chain has become %s', async (_, now) => {
    await turn(headOf('acme', 3));
    expect(await turn(now)).toEqual([told('acme', now.sequence, now.hash)]);
    expect(error.mock.calls).toEqual([
      [
        {
          ...told('acme', now.sequence, now.hash),
          event: 'audit_head_went_back',
          told_sequence: 3,
          told_hash: 'hash-3',
        },
      ],
    ]);
  });

  it('are told loudly, and once, when a chain is not there any more', async () => {
    const nothing = told('acme', 0, NO_HASH);
    await turn(headOf(null, 1), headOf('acme', 3));
    expect(await turn(headOf(null, 1))).toEqual([nothing]);
    expect(error.mock.calls).toEqual([
      [{ ...nothing, event: 'audit_head_went_back', told_sequence: 3, told_hash: 'hash-3' }],
    ]);
    expect(await turn(headOf(null, 1))).toEqual([]);
    expect(await turn(headOf(null, 1), headOf('acme', 1))).toEqual([told('acme', 1)]);
    expect(error).toHaveBeenCalledTimes(1);
  });
});
