/** Tells the outbox that a job has run. Implemented by platform/outbox. */
export abstract class OutboxAcknowledger {
  abstract acknowledge(outboxId: string): Promise<void>;
}
