const FAILING = ['high', 'critical'];

/**
 * What `npm audit --json` found. It ends with 1 when it found something, and also when it could not ask; only its JSON tells which.
 *
 * @param {string} output
 * @returns {{asked: false, reason: string} | {asked: true, findings: string[], total: number}} findings: high and critical, a line each
 */
export function auditVerdict(output) {
  /** @type {any} */
  let report;
  try {
    report = JSON.parse(output);
  } catch {
    return { asked: false, reason: 'npm audit said nothing that can be read' };
  }
  const total = report?.metadata?.vulnerabilities?.total;
  if (typeof total !== 'number') {
    return { asked: false, reason: firstLine(report?.message || report?.error?.summary) || 'npm audit gave no report' };
  }
  const findings = Object.values(report.vulnerabilities ?? {})
    .filter(({ severity }) => FAILING.includes(severity))
    .map(({ name, severity, via }) => `${severity}: ${name}: ${via.map(titleOf).join('; ')}`);
  return { asked: true, findings, total };
}

/** @param {string | {title?: string, url?: string}} cause another package, or what is wrong with this one */
function titleOf(cause) {
  return typeof cause === 'string' ? `through ${cause}` : `${cause.title ?? 'no title'} ${cause.url ?? ''}`.trim();
}

/** @param {unknown} text */
function firstLine(text) {
  return typeof text === 'string' ? text.split('\n')[0] : '';
}
