import type { ChannelRecord, ChannelSettings } from './channel.js';
import type { SendOutcome } from './notification-channel.js';

/**
 * Of a mail that some recipients have, or refused for good: whom it is still for. Recipients are places in the channel's list:
 * addresses are kept there only, sealed.
 */
export interface PartlyTaken {
  /** Of the channel's settings. When they are others, this says nothing, and the mail is for all of them. */
  readonly version: number;
  readonly left: readonly number[];
  readonly taken: number;
  readonly refused: number;
}

/** Null when the mail is for all recipients: from the beginning, or again because the channel leads elsewhere. */
export const progressOf = (
  { partlyTaken }: { readonly partlyTaken: PartlyTaken | null },
  { settingsVersion }: Pick<ChannelRecord, 'settingsVersion'>,
): PartlyTaken | null => (partlyTaken?.version === settingsVersion ? partlyTaken : null);

/** Where the next attempt leads: without those who have it, or refused it for good. */
export function leftOf(settings: ChannelSettings, progress: PartlyTaken | null): ChannelSettings {
  if (settings.kind !== 'email' || progress === null) return settings;
  const left = new Set(progress.left);
  return { ...settings, recipients: settings.recipients.filter((_, place) => left.has(place)) };
}

/** How far it is after an attempt that some recipients put off. */
export function progressAfter(
  settings: ChannelSettings,
  version: number,
  before: PartlyTaken | null,
  { taken, deferred }: Extract<SendOutcome, { kind: 'partly' }>,
): PartlyTaken {
  const recipients = settings.kind === 'email' ? settings.recipients : [];
  const asked = before?.left ?? [...recipients.keys()];
  const left = asked.filter((place) => deferred.includes(recipients[place] ?? ''));
  return {
    version,
    left,
    taken: (before?.taken ?? 0) + taken,
    refused: (before?.refused ?? 0) + asked.length - left.length - taken,
  };
}
