export { ResealChannelSettings } from './application/reseal-channel-settings.js';
export { NotificationSettingsModule } from './notification-settings.module.js';
export { NotificationsModule } from './notifications.module.js';
