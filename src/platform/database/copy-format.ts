const SPECIAL = /[\\\t\n\r]/;
const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

/** One row in the text format of PostgreSQL's COPY. */
export function copyRow(values: readonly (string | number | bigint | Uint8Array | null)[]): string {
  let row = '';
  for (let index = 0; index < values.length; index++) {
    if (index > 0) row += '\t';
    const value = values[index];
    if (value === null || value === undefined) row += '\\N';
    else if (typeof value === 'string') row += SPECIAL.test(value) ? escape(value) : value;
    else if (typeof value === 'object') row += `\\\\x${hex(value)}`;
    else row += value.toString();
  }
  return row + '\n';
}

const hex = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('hex');

const escape = (text: string): string => text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character] ?? character);
