import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The code blocks of one language in a document, in order. */
export function codeBlocksOf(document: string, language: string): string[] {
  const text = readFileSync(path.resolve(__dirname, '../..', document), 'utf8');
  return [...text.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map((match) => match[1] ?? '');
}

/** Whether the script of docs/proof.md, run as a reader would run it, finds the line under the root. */
export function isUnderRoot(lineProof: unknown, root: string, iban?: string): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'tranche-proof-'));
  try {
    const [script, ...others] = codeBlocksOf('docs/proof.md', 'js');
    if (script === undefined || others.length > 0) throw new Error('docs/proof.md does not have one script.');
    writeFileSync(path.join(folder, 'verify.mjs'), script);
    writeFileSync(path.join(folder, 'line.json'), JSON.stringify(lineProof));
    const command = ['verify.mjs', 'line.json', root, ...(iban === undefined ? [] : [iban])];
    const { status, stderr } = spawnSync(process.execPath, command, { cwd: folder, encoding: 'utf8' });
    if (stderr !== '' || (status !== 0 && status !== 1)) throw new Error(`The documented script broke: ${stderr}`);
    return status === 0;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
