import { randomBytes } from 'node:crypto';
import type { Needle } from './needles.js';

/** An IBAN nobody has, with the check digits it needs. */
export function madeUpIban(country: string, bban: string): string {
  const digits = [...`${bban}${country}00`].map((char) => String(parseInt(char, 36))).join('');
  const check = 98n - (BigInt(digits) % 97n);
  return `${country}${String(check).padStart(2, '0')}${bban}`;
}

/** Whom the test pays. No word of their names stands anywhere else. */
export const PAYEES = [
  { name: 'Zebulon Quirkmann', iban: madeUpIban('DE', '370400448675309121') },
  { name: 'Ottoline Ångströmsdóttir', iban: madeUpIban('NL', 'QUIR8675309442') },
  { name: 'Barnaby Wigglesthwaite', iban: madeUpIban('GB', 'WIGG86753094420771') },
  { name: 'Calliope Vandersnoot', iban: madeUpIban('FR', '86753094420VANDERSN0T71') },
  { name: 'Evander Plonkovich', iban: madeUpIban('NO', '86753094427') },
  { name: 'Philippa Mxyzptlk', iban: madeUpIban('MT', 'PLON8675309442077PHILIPPA12') },
] as const;

/** Somebody whose name and IBAN are only ever put where they do not belong. */
export const STRAY = { name: 'Ignatius Fnordbergson', iban: madeUpIban('ES', '21008675309442077112') };

export const OWN = { name: 'Gromblevator account', iban: madeUpIban('BE', '539867530944'), bic: 'OIVUSCLQXXX' };
export const DESCRIPTION = 'Severance for xylophagous misdemeanours';

export const madeUpSecret = (): string => randomBytes(24).toString('base64url');

const person = (label: string, name: string): Needle[] => [
  { label: `name of ${label}`, kind: 'person', text: name },
  { label: `surname of ${label}`, kind: 'person', text: name.split(' ').at(-1) ?? '' },
];

/** All that is made up here. */
export const PERSONAL_DATA: readonly Needle[] = [
  ...[...PAYEES, STRAY].flatMap(({ name, iban }, index): Needle[] => [
    ...person(`person ${index}`, name),
    { label: `IBAN of person ${index}`, kind: 'iban', text: iban },
  ]),
  { label: 'own account', kind: 'person', text: OWN.name },
  { label: 'own IBAN', kind: 'iban', text: OWN.iban },
  { label: 'description', kind: 'person', text: 'xylophagous' },
];
