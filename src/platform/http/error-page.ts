import { DOCUMENTED_CODES } from './problem-titles.js';

/** What the `type` of a problem leads to. */
export function errorPage(): string {
  const rows = Object.entries(DOCUMENTED_CODES).map(
    ([code, { status, title, meaning }]) =>
      `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td><b>${escape(title)}.</b> ${escape(meaning)}</td></tr>`,
  );
  return `<!DOCTYPE html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <link rel="icon" href="data:,">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Tranche: error codes</title>
    <style>
      body { font-family: system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
      td, th { padding: 0.4rem 0.8rem; text-align: left; vertical-align: top; border-bottom: 1px solid #ddd; }
      tr:target { background: #fff3c4; }
    </style>
  </head>
  <body>
    <h1>Error codes</h1>
    <p>Errors are problem documents (RFC 9457). The <code>code</code> is stable; the texts are for people.</p>
    <table>
      <tr><th>Code</th><th>Status</th><th>Meaning</th></tr>
      ${rows.join('\n      ')}
    </table>
  </body>
</html>
`;
}

const escape = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
