import type { SendOutcome } from '../domain/notification-channel.js';
import { SmtpTimeout, type Taken } from './smtp-session.js';

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

/** Some recipients were refused, others have it: sent again, those would get it twice. */
export const outcomeOfTaken = ({ rejected }: Taken): SendOutcome => ({
  kind: 'sent',
  failure: rejected.length > 0 ? 'recipients_refused' : null,
});

/**
 * A 5xx about the mail itself is for good. Everything else may pass: a server that is away or busy (4xx), and a login or certificate
 * that is not good, which whoever runs the installation puts right. Of the answer only its number is kept: its text may quote addresses.
 */
export function outcomeOfError(error: unknown): SendOutcome {
  if (error instanceof SmtpTimeout) return { kind: 'retry', failure: 'timed_out', retryAfterMs: null };
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const name = typeof code === 'string' ? code : '';
  if (typeof responseCode === 'number' && !NOT_ABOUT_THE_ANSWER.includes(name)) {
    const failure = `smtp_${responseCode}`;
    return responseCode >= 500 && ABOUT_THE_MAIL.includes(name)
      ? { kind: 'refused', failure }
      : { kind: 'retry', failure, retryAfterMs: null };
  }
  return { kind: 'retry', failure: FAILURES[name] ?? 'connection_failed', retryAfterMs: null };
}
