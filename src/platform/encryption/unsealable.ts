export type UnsealableCode = 'sealed_value_malformed' | 'sealed_value_refused' | 'encryption_key_unknown';

const MESSAGES: Readonly<Record<UnsealableCode, string>> = {
  sealed_value_malformed: 'A sealed value is not one: too short, or of an unknown version',
  sealed_value_refused: 'A sealed value does not open: it was changed, or belongs to another row',
  encryption_key_unknown: 'A value is sealed under a key that DATA_ENCRYPTION_KEYS does not have',
};

/** Something sealed cannot be opened. Holds neither the value nor a key; the log shows its code. */
export class Unsealable extends Error {
  constructor(readonly code: UnsealableCode) {
    super(MESSAGES[code]);
    this.name = 'Unsealable';
  }
}
