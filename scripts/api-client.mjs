import { oneLine, ScriptError } from './script-error.mjs';

const REQUEST_TIMEOUT_MS = 30_000;

/** An answer that is not a success. */
export class ApiError extends ScriptError {
  /**
   * @param {string} message
   * @param {number} status
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The few calls that the scripts make. */
export class ApiClient {
  #baseUrl;
  #headers;

  /**
   * @param {object} options
   * @param {string} options.baseUrl such as http://127.0.0.1:3000
   * @param {string} options.apiKey
   * @param {string} [options.organizationId] on whose behalf, for the admin key
   */
  constructor({ baseUrl, apiKey, organizationId }) {
    this.#baseUrl = baseUrl.replace(/\/+$/, '');
    this.#headers = {
      authorization: `Bearer ${apiKey}`,
      ...(organizationId && { 'x-organization-id': organizationId }),
    };
  }

  /**
   * @param {string} path below /api/v1
   * @returns {Promise<any>}
   */
  get(path) {
    return this.#request('GET', path);
  }

  /**
   * @param {string} path below /api/v1
   * @param {unknown} body
   * @param {string} [idempotencyKey]
   * @returns {Promise<any>}
   */
  post(path, body, idempotencyKey) {
    return this.#request('POST', path, body, idempotencyKey && { 'idempotency-key': idempotencyKey });
  }

  /**
   * Every item of a list, page after page.
   *
   * @param {string} path below /api/v1
   * @returns {AsyncGenerator<any>}
   */
  async *list(path) {
    const separator = path.includes('?') ? '&' : '?';
    let cursor = '';
    do {
      const page = await this.get(`${path}${separator}limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      yield* page.data;
      cursor = page.has_more ? page.next_cursor : '';
    } while (cursor);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body]
   * @param {Record<string, string> | ''} [headers]
   */
  async #request(method, path, body, headers) {
    const what = `${method} /api/v1${path.split('?')[0]}`;
    /** @type {Response} */
    let response;
    try {
      response = await fetch(`${this.#baseUrl}/api/v1${path}`, {
        method,
        headers: { ...this.#headers, ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
      });
    } catch (error) {
      const reason = error instanceof Error && error.cause ? error.cause : error;
      throw new ScriptError(`${this.#baseUrl} does not answer (${oneLine(reason)}): is the API running there?`);
    }
    const text = await response.text();
    if (response.ok) return text ? JSON.parse(text) : undefined;
    throw new ApiError(`${what} was answered with ${response.status} ${problemOf(text)}`.trim(), response.status);
  }
}

/** @param {string} text a problem document (RFC 9457), if the API wrote it */
function problemOf(text) {
  try {
    const { code, detail, errors = [] } = JSON.parse(text);
    const fields = errors.map(
      (/** @type {{pointer: string, code: string}} */ error) => `${error.pointer} ${error.code}`,
    );
    return [`${code}:`, detail, ...fields.slice(0, 3)].join(' ');
  } catch {
    return '';
  }
}
