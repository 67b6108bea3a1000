import type { Channel } from './channel.js';
import type { NotificationRule } from './notification-rule.js';

/** What the audit log keeps of a channel: not its name, which somebody wrote, nor where it leads. */
export const channelState = ({ kind, enabled, settings }: Pick<Channel, 'kind' | 'enabled' | 'settings'>) => ({
  kind,
  enabled,
  ...(settings.kind === 'email' && { recipients: settings.recipients.length }),
});

export const ruleState = ({ channelId, types, minimumSeverity, enabled }: NotificationRule) => ({
  channel_id: channelId,
  types: [...types],
  minimum_severity: minimumSeverity,
  enabled,
});
