import { Module } from '@nestjs/common';
import { ResealWebhookSecrets } from './application/reseal-webhook-secrets.js';
import { WebhookSecrets } from './application/webhook-secrets.js';
import { SecretRepository } from './persistence/secret.repository.js';

/** What has to be sealed anew when keys are rotated, and nothing more. */
@Module({
  providers: [SecretRepository, WebhookSecrets, ResealWebhookSecrets],
  exports: [WebhookSecrets, ResealWebhookSecrets],
})
export class WebhookSecretsModule {}
