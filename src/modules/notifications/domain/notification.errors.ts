import { DomainError, type FieldError, fieldErrors } from '../../../domain/errors.js';
import type { ChannelKind } from './channel.js';
import type { NotificationStatus } from './notification.js';

export const ruleViolations = (...errors: readonly FieldError[]): DomainError => fieldErrors('rule', errors);

/** A member that says where channels of another kind lead. */
export const notForThisKind = (pointer: string, kind: ChannelKind): FieldError => ({
  pointer,
  code: 'not_for_this_kind',
  detail: `A channel of the kind ${kind} has none.`,
});

export const destinationMissing = (pointer: string, kind: ChannelKind): FieldError => ({
  pointer,
  code: 'destination_missing',
  detail: `A channel of the kind ${kind} needs it.`,
});

export const unknownChannel = (): FieldError => ({
  pointer: '/channel_id',
  code: 'unknown_channel',
  detail: 'The organization has no such channel.',
});

export const channelNotConfigured = (kind: ChannelKind): DomainError =>
  new DomainError('rule', 'channel_not_configured', `This installation cannot send to channels of the kind ${kind}.`);

export function tooMany(what: 'channels' | 'rules', max: number): DomainError {
  const error = {
    pointer: '',
    code: `notification_${what}`,
    detail: `An organization has at most ${max} notification ${what}.`,
  };
  return new DomainError('rule', 'limit_exceeded', error.detail, { errors: [error], errorCount: 1 });
}

export const testedTooOften = (retryAfterSeconds: number): DomainError =>
  new DomainError('rate_limited', 'rate_limited', 'The channel was tried out a moment ago.', { retryAfterSeconds });

export const notOver = (status: NotificationStatus): DomainError =>
  new DomainError('conflict', 'invalid_state', 'It is still being sent.', { members: { current_status: status } });

export const channelGone = (status: NotificationStatus): DomainError =>
  new DomainError('conflict', 'invalid_state', 'Its channel was deleted.', { members: { current_status: status } });
