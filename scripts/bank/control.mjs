import { toThousandths } from './amounts.mjs';
import { parsePlan, PlanError } from './fault-plan.mjs';
import { railIdOf } from './payments.mjs';

/** @typedef {import('./submissions.mjs').Answer} Answer */

const NOTICE_STATUSES = ['settled', 'rejected', 'returned'];

/** @param {number} status @param {string} error @param {string} detail @returns {Answer} */
const refusal = (status, error, detail) => ({ status, json: { error, detail } });
/** @param {unknown} json @param {number} [status] @returns {Answer} */
const answer = (json, status = 200) => ({ status, json });

/**
 * The paths below /control, for whoever tests against the bank: faults, what really happened, and things no client can ask a bank for.
 *
 * @param {import('./bank.mjs').Bank} bank
 * @param {import('./held-requests.mjs').HeldRequests} held
 * @returns {Record<string, (request: {body: any, query: URLSearchParams}) => Answer | Promise<Answer>>}
 */
export function controlRoutes(bank, held) {
  return {
    'GET /control/faults': () => answer(bank.faults.plan),
    'PUT /control/faults': ({ body }) => setFaults(bank, body),
    'DELETE /control/faults': () => {
      bank.record({ event: 'faults', plan: {} });
      return answer({});
    },
    'GET /control/journal': async ({ query }) => {
      const reference = query.get('reference');
      if (!reference) return refusal(400, 'invalid_query', 'reference is missing');
      return answer({ entries: await bank.journal.entriesOf(reference) });
    },
    'GET /control/journal/summary': () => answer({ ...bank.payments.summary(), ...bank.callbacks.summary() }),
    'GET /control/executed': () => answer({ payments: list(bank).filter(({ executions }) => executions > 0) }),
    'GET /control/payments': () => answer({ payments: list(bank) }),
    'GET /control/waiting': () => answer({ references: held.references() }),
    'POST /control/release': ({ body }) => answer({ released: held.release(body?.reference) }),
    'POST /control/return': ({ body }) => returnPayment(bank, body ?? {}),
    'POST /control/callback': ({ body }) => sendCallback(bank, body ?? {}),
    'PUT /control/callback-target': ({ body }) => directCallbacks(bank, body ?? {}),
    'POST /control/statement-line': ({ body }) => inventLine(bank, body ?? {}),
  };
}

/** @param {import('./bank.mjs').Bank} bank */
function list(bank) {
  return [...bank.payments.all()].map(
    ({ reference, terms, status, reasonCode, executions, submissions, reversedBy }) => ({
      reference,
      amount: terms?.amount ?? null,
      currency: terms?.currency ?? null,
      status,
      ...(status === 'rejected' && { reason_code: reasonCode }),
      ...(terms?.reverses && { reverses: terms.reverses }),
      ...(reversedBy && { reversed_by: reversedBy }),
      submissions,
      executions,
    }),
  );
}

/** @param {import('./bank.mjs').Bank} bank @param {unknown} body */
function setFaults(bank, body) {
  try {
    bank.record({ event: 'faults', plan: parsePlan(body) });
    return answer(bank.faults.plan);
  } catch (error) {
    if (error instanceof PlanError) return refusal(400, 'invalid_plan', error.message);
    throw error;
  }
}

/** @param {import('./bank.mjs').Bank} bank @param {any} body */
function returnPayment(bank, { reference, after_ms: afterMs = 0, reason_code: reasonCode }) {
  const payment = bank.payments.find(reference);
  if (payment === undefined) return refusal(404, 'not_found', `There is no payment ${reference}`);
  if (!Number.isInteger(afterMs) || afterMs < 0)
    return refusal(400, 'invalid_return', 'after_ms must be a whole number, 0 or more');
  if (payment.status !== 'settled' || payment.reversedBy !== null || payment.returnDue !== null)
    return refusal(409, 'not_returnable', `${reference} is not settled, or is on its way back already`);
  return answer({ reference, due_at: bank.execution.scheduleReturn(payment, { afterMs, reasonCode }) }, 202);
}

/** @param {import('./bank.mjs').Bank} bank @param {any} body */
function sendCallback(bank, { reference, status, reason_code: reasonCode, rail_id: railId }) {
  if (typeof reference !== 'string' || !NOTICE_STATUSES.includes(status))
    return refusal(400, 'invalid_callback', `It needs a reference and a status: ${NOTICE_STATUSES.join(', ')}`);
  if (bank.callbacks.target === null) return refusal(409, 'no_callback_url', 'The bank was told no callback URL');
  const notice = { reference, status, reason_code: reasonCode, rail_id: railId ?? railIdOf(reference) };
  return answer({ id: bank.callbacks.send(notice) }, 202);
}

/** @param {import('./bank.mjs').Bank} bank @param {any} body */
function directCallbacks(bank, { url, secret = bank.callbacks.target?.secret }) {
  const problem = targetProblem(url, secret);
  if (problem !== null) return refusal(400, 'invalid_callback_target', problem);
  bank.callbacks.direct({ url, secret });
  return answer({ url });
}

/**
 * @param {unknown} url
 * @param {unknown} secret
 * @returns {string | null} what is wrong with it
 */
export function targetProblem(url, secret) {
  if (typeof url !== 'string' || !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    return 'the callback URL must be an http:// or https:// URL';
  if (typeof secret !== 'string' || !/^whsec_[A-Za-z0-9+/]{32,88}={0,2}$/.test(secret))
    return 'the callback secret must be whsec_ and 24 to 64 bytes in Base64';
  return null;
}

/** @param {import('./bank.mjs').Bank} bank @param {any} line */
function inventLine(bank, { rail_id, reference, amount, currency, status = 'settled', booked_at }) {
  const problem = [
    (typeof reference === 'string' && reference !== '') || 'reference is missing',
    (typeof amount === 'string' && toThousandths(amount) !== null) || 'amount must be a decimal string above zero',
    (typeof currency === 'string' && /^[A-Z]{3}$/.test(currency)) || 'currency must be three capital letters',
    NOTICE_STATUSES.includes(status) || `status must be one of ${NOTICE_STATUSES.join(', ')}`,
    rail_id === undefined || typeof rail_id === 'string' || 'rail_id must be a text',
    booked_at === undefined || !Number.isNaN(Date.parse(booked_at)) || 'booked_at must be a time in ISO 8601',
  ].find((finding) => typeof finding === 'string');
  if (problem !== undefined) return refusal(400, 'invalid_statement_line', String(problem));
  return answer(bank.statements.invent({ rail_id, reference, amount, currency, status, booked_at }), 201);
}
