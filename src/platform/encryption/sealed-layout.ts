/** A sealed value: version (1 byte), id of the key (4), nonce (12), the encrypted text, tag (16). */
export const VERSION = 1;
export const KEY_ID_AT = 1;
export const NONCE_AT = 5;
export const NONCE_BYTES = 12;
export const TEXT_AT = NONCE_AT + NONCE_BYTES;
export const TAG_BYTES = 16;
