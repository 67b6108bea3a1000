/** From what is only good to know to what somebody has to act on. */
export const SEVERITIES = ['info', 'warning', 'critical'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** How much each type of event matters. A new type is a line here, and a test says so. */
export const SEVERITY_OF_EVENT: Readonly<Record<string, Severity>> = {
  'bulk_request.accepted': 'info',
  'bulk_request.processing': 'info',
  'bulk_request.paused': 'warning',
  'bulk_request.cancelling': 'warning',
  'bulk_request.reversing': 'warning',
  'bulk_request.progressed': 'info',
  'bulk_request.completed': 'info',
  'bulk_request.partially_completed': 'warning',
  'bulk_request.failed': 'critical',
  'bulk_request.cancelled': 'info',
  'bulk_request.reversed': 'warning',
  'bulk_request.rejected': 'warning',
  'transfer.pending': 'info',
  'transfer.submitted': 'info',
  'transfer.settled': 'info',
  'transfer.failed': 'warning',
  'transfer.in_doubt': 'warning',
  'transfer.manual_review': 'critical',
  'transfer.cancelled': 'info',
  'transfer.returned': 'warning',
  'account.opened': 'info',
  'account.status_changed': 'warning',
  'account.verified': 'info',
  'account.balance_changed': 'info',
  'api_key.created': 'info',
  'api_key.rotated': 'info',
  'api_key.revoked': 'warning',
  'webhook_endpoint.disabled': 'critical',
  'webhook_delivery.failed': 'warning',
};

/** Of a type that this version does not know: it is told rather than kept from whoever asks for warnings. */
const UNKNOWN: Severity = 'warning';

export const severityOf = (eventType: string): Severity => SEVERITY_OF_EVENT[eventType] ?? UNKNOWN;

export const isAtLeast = (severity: Severity, minimum: Severity): boolean =>
  SEVERITIES.indexOf(severity) >= SEVERITIES.indexOf(minimum);
