export { OpenCallback } from './application/open-callback.js';
export { ResealWebhookSecrets } from './application/reseal-webhook-secrets.js';
export { WebhookSecretsModule } from './webhook-secrets.module.js';
export { WebhooksModule } from './webhooks.module.js';
