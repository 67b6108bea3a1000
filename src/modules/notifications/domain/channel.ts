/** The ways to tell somebody. Another one is a line here, its settings below, a file in adapters/, and a migration for the CHECK. */
export const CHANNEL_KINDS = ['email', 'slack'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** Where a channel leads. Encrypted at rest: addresses are personal data, and whoever knows the URL can write into the chat. */
interface SettingsByKind {
  email: { readonly recipients: readonly string[] };
  slack: { readonly url: string };
}

export type ChannelSettings<Kind extends ChannelKind = ChannelKind> = {
  [K in Kind]: { readonly kind: K } & SettingsByKind[K];
}[Kind];

/** A channel, as it is stored but for its settings. */
export interface ChannelRecord {
  readonly id: string;
  readonly organizationId: string;
  readonly kind: ChannelKind;
  readonly name: string;
  readonly settingsSealed: Uint8Array;
  /** One more whenever it leads elsewhere. */
  readonly settingsVersion: number;
  readonly enabled: boolean;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export interface Channel extends Omit<ChannelRecord, 'settingsSealed'> {
  readonly settings: ChannelSettings;
}

/** Where a channel is to lead, as a caller says it: for every kind its own member, undefined for those that were left out. */
export interface Destination {
  readonly recipients?: readonly string[] | undefined;
  readonly url?: string | undefined;
}

/** What an organization may have. */
export const MAX_CHANNELS = 20;
export const MAX_RULES = 100;
export const MAX_RECIPIENTS = 20;

/** How often a channel may be tried out: a test is mail to somebody, too. */
export const TEST_PAUSE_SECONDS = 60;
