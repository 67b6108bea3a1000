/** What must not be found, and what to call it when it is: the report of a leak is no place for another one. */
export interface Needle {
  readonly label: string;
  readonly kind: 'iban' | 'person' | 'secret';
  readonly text: string;
}

export interface Finding {
  readonly label: string;
  readonly kind: Needle['kind'];
  readonly form: string;
  readonly where: string;
}

interface Form {
  readonly form: string;
  readonly text: string;
  /** `plain`: whatever its case. `dense`: also whatever stands between its letters to group them. `exact`: as it is. */
  readonly read: 'plain' | 'dense' | 'exact';
}

/** Shorter ones would be found by chance. */
const SHORTEST = 7;

/** Finds needles in a text, as they are and as something may have written them: base64, hex, JSON, URLs, groups of four. */
export class LeakScanner {
  private readonly needles: readonly { readonly needle: Needle; readonly forms: readonly Form[] }[];

  constructor(needles: readonly Needle[]) {
    const short = needles.filter(({ text }) => text.length < SHORTEST);
    if (short.length > 0) throw new Error(`Too short to be looked for: ${short.map(({ label }) => label).join(', ')}`);
    this.needles = needles.map((needle) => ({ needle, forms: formsOf(needle) }));
  }

  scan(where: string, text: string): Finding[] {
    const plain = text.toLowerCase();
    const readings = { exact: text, plain, dense: plain.replace(/%20|[\s+._-]/g, '') };
    return this.needles.flatMap(({ needle: { label, kind }, forms }) =>
      forms.filter((form) => readings[form.read].includes(form.text)).map(({ form }) => ({ label, kind, form, where })),
    );
  }
}

function formsOf({ kind, text }: Needle): Form[] {
  const spellings = new Set([text, text.toLowerCase(), text.toUpperCase(), ...(kind === 'iban' ? grouped(text) : [])]);
  const encoded = [...spellings].flatMap((spelling) => [
    ...base64(spelling).map((form) => ({ form: 'base64', text: form, read: 'exact' as const })),
    { form: 'hex', text: Buffer.from(spelling).toString('hex'), read: 'plain' as const },
  ]);
  const asIs = text.toLowerCase();
  const written = new Set([JSON.stringify(asIs).slice(1, -1), escaped(asIs), encodeURIComponent(asIs).toLowerCase()]);
  written.delete(asIs);
  return [
    kind === 'iban' ? { form: 'plain', text: asIs, read: 'dense' } : { form: 'plain', text: asIs, read: 'plain' },
    ...[...written].map((form) => ({ form: 'escaped', text: form, read: 'plain' as const })),
    ...encoded,
  ];
}

const grouped = (iban: string): string[] =>
  [iban, iban.toLowerCase()].map((text) => text.replace(/(.{4})(?=.)/g, '$1 '));

const escaped = (text: string): string =>
  text.replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** Inside of something longer, what base64 makes of a text depends on how many bytes stand before it: three ways. Only whole characters. */
function base64(text: string): string[] {
  const bytes = Buffer.from(text);
  return [0, 1, 2].flatMap((before) => {
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    const whole = padded.toString('base64').slice(Math.ceil((before * 8) / 6), Math.floor((padded.length * 8) / 6));
    return [whole, whole.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
