/** An input nobody should send, and the exact answer to it. */
export interface BadInput {
  /** For the reader of docs/bad-input.md. */
  readonly what: string;
  readonly request: BadRequest;
  readonly status: number;
  readonly code: string;
  /** `pointer code` of each field error, in order. */
  readonly errors: readonly string[];
}

export interface BadRequest {
  readonly method: string;
  /** Below /api/v1, or from the root when it begins with `//`. `{account}` stands for the id of an account of the organization. */
  readonly path: string;
  readonly as: Caller;
  readonly headers: Readonly<Record<string, string>>;
  /** As bytes, or as what is sent as JSON. `{account}` as above. */
  readonly body: Buffer | string | object | undefined;
  /** Instead of all the others: what goes over the wire. */
  readonly raw?: string;
}

export type Caller = 'key' | 'admin' | 'nobody';

export interface Group {
  readonly title: string;
  readonly cases: readonly BadInput[];
}

type Sent = Partial<Omit<BadRequest, 'body'>> & { body?: BadRequest['body'] };
type Answer = Pick<BadInput, 'status' | 'code' | 'errors'>;

export const badInput = (what: string, sent: Sent, answer: Answer): BadInput => ({
  what,
  request: { method: 'POST', path: '/bulk-requests', as: 'key', headers: {}, body: undefined, ...sent },
  ...answer,
});

const answering = (status: number, code: string, ...errors: string[]): Answer => ({ status, code, errors });

export const notJson = (): Answer => answering(400, 'invalid_json');
export const notOfSchema = (...errors: string[]): Answer => answering(400, 'invalid_request', ...errors);
export const againstRule = (...errors: string[]): Answer => answering(422, 'validation_failed', ...errors);
export const refused = answering;

const cell = (text: string): string => text.replaceAll('|', '\\|');
const codes = (texts: readonly string[]): string => texts.map((text) => `\`${text}\``).join(', ');

const COLUMNS = ['input', 'request', 'status', 'code', 'errors'];

function rowOf({ what, request, status, code, errors }: BadInput): string[] {
  const target = request.path.startsWith('//') ? request.path.slice(1) : `/api/v1${request.path}`;
  const shown = request.raw === undefined ? `\`${request.method} ${target}\`` : 'bytes on a socket';
  return [what, shown, String(status), `\`${code}\``, codes(errors)].map(cell);
}

/** As prettier would write it. */
function tableOf(rows: readonly (readonly string[])[]): string {
  const widths = COLUMNS.map((column, index) => Math.max(column.length, ...rows.map((row) => row[index]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((text, index) => text.padEnd(widths[index] ?? 0)).join(' | ')} |`;
  return [line(COLUMNS), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}

/** docs/bad-input.md */
export function documentOf(groups: readonly Group[]): string {
  const count = groups.reduce((sum, { cases }) => sum + cases.length, 0);
  const sections = groups.map(({ title, cases }) => `## ${title}\n\n${tableOf(cases.map(rowOf))}\n`);
  return [
    '# Bad input\n',
    `What ${count} inputs that nobody should send are answered, exactly. \`test/e2e/bad-input.spec.ts\` sends each of them over`,
    'HTTP to a running API, compares status, code and pointers, and sees to it that no row is stored. This page is written',
    'from the same table, and the test fails when the two differ:',
    '`UPDATE_DOCS=1 npx jest --coverage=false test/e2e/bad-input.spec.ts` writes it anew. The codes are explained in',
    '[errors](errors.md).\n',
    ...sections,
  ].join('\n');
}
