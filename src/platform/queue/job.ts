/** What travels through Redis: ids, the correlation id, and nothing else. Amounts and names stay in PostgreSQL. */
export type JobIds = Readonly<Record<string, string>>;

/** A kind of job. Each kind has its own queue, so that a slow kind never blocks another. */
export interface JobDefinition<Ids extends JobIds = JobIds> {
  /** Kebab-case; the queue's name, stable for ever: jobs under it survive a deployment. */
  readonly name: string;
  /** Never read: ties the payload's type to the name. */
  readonly ids?: Ids;
}

export interface JobEnvelope<Ids extends JobIds = JobIds> {
  /** Whom the job acts for. */
  readonly organizationId: string;
  readonly ids: Ids;
  readonly requestId: string | null;
  /** The outbox row to delete once the handler has run; null for chunks, whose row is the chunk itself. */
  readonly outboxId: string | null;
}

const definitions = new Map<string, JobDefinition>();

/** Declares a kind of job. The worker refuses to start when a declared job has no handler, or two. */
export function defineJob<Ids extends JobIds>(name: string): JobDefinition<Ids> {
  if (!/^[a-z]+(-[a-z0-9]+)*$/.test(name)) throw new Error(`job name ${name} is not kebab-case`);
  if (definitions.has(name)) throw new Error(`job ${name} is declared twice`);
  const definition: JobDefinition<Ids> = { name };
  definitions.set(name, definition);
  return definition;
}

export const declaredJobs = (): readonly string[] => [...definitions.keys()];

/**
 * BullMQ ignores an id that still exists, so each generation of a job has its own; it rejects `:` and pure integers.
 */
export const jobId = (name: string, id: string, generation: number): string => `${name}-${id}-g${generation}`;
