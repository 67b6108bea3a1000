import type { SendOutcome } from '../domain/notification-channel.js';
import { type Rejection, rejectionsOf, SmtpTimeout, type Taken } from './smtp-session.js';

/** Where in the conversation an error came up, as nodemailer calls it. */
const ABOUT_THE_MAIL = ['EENVELOPE', 'EMESSAGE'];
/** The number says less than the step that failed. */
const NOT_ABOUT_THE_ANSWER = ['EAUTH', 'ETLS'];
const FAILURES: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'timed_out',
  EDNS: 'dns_failure',
  ETLS: 'tls_error',
  EAUTH: 'smtp_login_refused',
};

/** Some recipients have it, and would get it twice; the others were refused for good (5xx) or put off (4xx, as greylisting does). */
export function outcomeOfTaken({ accepted, rejected }: Taken): SendOutcome {
  const putOff = rejected.filter(isPutOff);
  return putOff.length > 0
    ? partly(accepted.length, putOff)
    : { kind: 'sent', failure: rejected.length > 0 ? 'recipients_refused' : null };
}

/** Whatever is no clear refusal may pass. */
const isPutOff = ({ responseCode }: Rejection): boolean => !(responseCode >= 500);

const partly = (taken: number, putOff: readonly Rejection[]): SendOutcome => ({
  kind: 'partly',
  failure: `smtp_${putOff[0]?.responseCode}`,
  taken,
  deferred: putOff.map(({ recipient }) => recipient),
});

/**
 * A 5xx about the mail itself is for good. Everything else may pass: a server that is away or busy (4xx), and a login or certificate
 * that is not good, which whoever runs the installation puts right. Of the answer only its number is kept: its text may quote addresses.
 */
export function outcomeOfError(error: unknown): SendOutcome {
  if (error instanceof SmtpTimeout) return { kind: 'retry', failure: 'timed_out', retryAfterMs: null };
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const name = typeof code === 'string' ? code : '';
  // Nobody has it. Those who were refused for good are not asked again with the others.
  const rejections = rejectionsOf((error as { rejectedErrors?: unknown }).rejectedErrors);
  const putOff = rejections.filter(isPutOff);
  if (putOff.length > 0 && putOff.length < rejections.length) return partly(0, putOff);
  if (typeof responseCode === 'number' && !NOT_ABOUT_THE_ANSWER.includes(name)) {
    const failure = `smtp_${responseCode}`;
    return responseCode >= 500 && ABOUT_THE_MAIL.includes(name)
      ? { kind: 'refused', failure }
      : { kind: 'retry', failure, retryAfterMs: null };
  }
  return { kind: 'retry', failure: FAILURES[name] ?? 'connection_failed', retryAfterMs: null };
}
