export { BlindIndex } from './blind-index.js';
export { EncryptionModule } from './encryption.module.js';
export { FieldCipher } from './field-cipher.js';
export { KeyRing } from './key-ring.js';
export type { Resealed, SealedStore } from './sealed-store.js';
export { Unsealable, type UnsealableCode } from './unsealable.js';
