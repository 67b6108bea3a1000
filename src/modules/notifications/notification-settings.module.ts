import { Module } from '@nestjs/common';
import { ResealChannelSettings } from './application/reseal-channel-settings.js';
import { SealedSettings } from './application/sealed-settings.js';
import { SealedSettingsRepository } from './persistence/sealed-settings.repository.js';

/** Apart from the rest, so that keys can be rotated without it. */
@Module({
  providers: [ResealChannelSettings, SealedSettings, SealedSettingsRepository],
  exports: [ResealChannelSettings, SealedSettings],
})
export class NotificationSettingsModule {}
