import { AsyncLocalStorage } from 'node:async_hooks';

/** Who is working: a caller of the API, the platform's own jobs and loops, or the bank behind a rail. */
export interface Actor {
  readonly kind: 'admin' | 'key' | 'token' | 'system' | 'rail' | 'anonymous';
  /** Of a key its lineage, of a token its issuer and subject, of a rail its name. */
  readonly id: string;
  readonly keyId: string | null;
}

/** What works because nobody asked for it just now: jobs, loops, sweeps. */
export const SYSTEM_ACTOR: Actor = { kind: 'system', id: 'system', keyId: null };

interface RequestContext {
  readonly requestId: string;
  actor: Actor;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** The correlation id of the HTTP request, or of the job that descends from one, that is being worked on. */
export function currentRequestId(): string | undefined {
  return storage.getStore()?.requestId;
}

/** Who asked for what is being worked on; the system itself where nobody did. */
export function currentActor(): Actor {
  return storage.getStore()?.actor ?? SYSTEM_ACTOR;
}

/** Runs `work` under a correlation id: everything it logs, enqueues or sends carries it. */
export function withRequestId<T>(requestId: string, work: () => T): T {
  return storage.run({ requestId, actor: SYSTEM_ACTOR }, work);
}

/** From here on, what is done under the current correlation id is done by `actor`: known only after the request has begun. */
export function actAs(actor: Actor): void {
  const context = storage.getStore();
  if (context) context.actor = actor;
}
