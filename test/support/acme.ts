import type { BulkRequestDto, BulkRequestStatusDto } from '../../src/modules/bulk-requests/http/bulk-requests.dto.js';
import {
  bulkRequestStates,
  type BulkRequestStatus,
} from '../../src/modules/bulk-requests/domain/bulk-request.state.js';
import { createApiKey, createFundedAccount, createOrganization } from '../factories/organizations.js';
import { eventually } from './eventually.js';
import { rowCounts } from './row-counts.js';
import { type ApiAnswer, type ApiCall, startTestApi, type TestApi } from './test-api.js';
import { startTestWorker } from './test-worker.js';
import { ownerOf } from './owner.js';

export const ACME_IBAN = 'FR10474608000002006107XXXXX';
export const ACME_BIC = 'OIVUSCLQXXX';
export const ACME_DEBTOR = { organization_iban: ACME_IBAN, organization_bic: ACME_BIC };
const WORKED_ON = ['outbox', 'queue_epoch'];

/** ACME Corp with ten million euros at an API, and a worker on the same database unless told otherwise. */
export interface Acme {
  api: TestApi;
  organizationId: string;
  accountId: string;
  /** Of every scope an organization can be granted. */
  key: string;
  /** As {@link TestApi.call}, with ACME's own key. */
  call(path: string, options?: ApiCall): Promise<ApiAnswer>;
  post(path: string, body: object, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** Executes the next due chunk, or completes the next bulk request, by hand, which only the platform may. */
  step(job: 'transfers' | 'bulk-completions'): Promise<ApiAnswer>;
  /** Submits what must be accepted. */
  submit(body: object, headers?: Record<string, string>): Promise<BulkRequestDto>;
  /** The bulk request once it has ended. */
  ended(id: string): Promise<BulkRequestDto>;
  balance(accountId?: string): Promise<Record<'posted' | 'reserved' | 'available', string>>;
  /** Rows of every table but those a running worker writes in its own time: what was stored, whatever it was. */
  rowCounts(): Promise<Record<string, number>>;
  close(): Promise<void>;
}

export async function startAcme(
  env: Record<string, string> = {},
  { working = true, workerEnv = {} }: { working?: boolean; workerEnv?: Record<string, string> } = {},
): Promise<Acme> {
  const api = await startTestApi(env);
  const worker = working ? await startTestWorker(workerEnv, { databaseUrl: api.databaseUrl }) : null;
  const { id: organizationId } = await createOrganization(api.app);
  const { secret: key } = await createApiKey(api.app, { organizationId });
  const account = { organizationId, iban: ACME_IBAN, bic: ACME_BIC, amount: '10000000.00' };
  const { id: accountId } = await createFundedAccount(api.app, account);
  const call: Acme['call'] = (path, options) => api.call(path, { key, ...options });
  const read = async <T>(path: string): Promise<T> => must(200, await call(path)) as T;
  const post: Acme['post'] = (path, body, headers = {}) => call(path, { method: 'POST', body, headers });
  return {
    api,
    organizationId,
    accountId,
    key,
    call,
    post,
    step: (job) => api.call(`/internal/jobs/${job}`, { method: 'POST', key: api.adminKey, body: {} }),
    submit: async (body, headers) => must(202, await post('/bulk-requests', body, headers)) as BulkRequestDto,
    ended: async (id) => {
      await eventually(
        async () => {
          const { status } = await read<BulkRequestStatusDto>(`/bulk-requests/${id}/status`);
          return bulkRequestStates.isTerminal(status as BulkRequestStatus);
        },
        { what: `bulk request ${id} to end` },
      );
      return read(`/bulk-requests/${id}`);
    },
    balance: async (id = accountId) =>
      (await read<{ balance: Record<'posted' | 'reserved' | 'available', string> }>(`/accounts/${id}`)).balance,
    rowCounts: async () => {
      const counts = Object.entries(await rowCounts(ownerOf(api.app)));
      return Object.fromEntries(counts.filter(([table]) => !working || !WORKED_ON.includes(table)));
    },
    close: async () => {
      await worker?.close();
      await api.close();
    },
  };
}

function must(status: number, answer: ApiAnswer): unknown {
  if (answer.status !== status) throw new Error(`Answered ${answer.status} instead of ${status}: ${answer.text}`);
  return answer.body;
}
