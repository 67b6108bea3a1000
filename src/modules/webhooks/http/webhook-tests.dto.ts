import { ApiProperty } from '@nestjs/swagger';
import type { TestOutcome } from '../application/test-endpoint.js';

export class WebhookTestDto {
  /**
   * The `webhook-id` of the message.
   * @example test_0198f2c17f3a7c318b0e1d2f3a4b5c6d
   */
  message_id: string;

  /** Whether the receiver answered 2xx. */
  delivered: boolean;

  /**
   * Null when there was no answer.
   * @example 204
   */
  @ApiProperty({ type: 'integer', nullable: true })
  status_code: number | null;

  /**
   * Why there was no answer; null when there was one.
   * @example null
   */
  @ApiProperty({ type: String, nullable: true })
  failure: string | null;

  /** @example 87 */
  @ApiProperty({ type: 'integer' })
  duration_ms: number;
}

export const webhookTestDto = (outcome: TestOutcome): WebhookTestDto => ({
  message_id: outcome.messageId,
  delivered: outcome.isDelivered,
  status_code: outcome.statusCode,
  failure: outcome.failure,
  duration_ms: outcome.durationMs,
});
