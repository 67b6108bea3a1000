export { BlindIndex } from './blind-index.js';
export { EncryptionModule } from './encryption.module.js';
export { FieldCipher } from './field-cipher.js';
export { KeyRing } from './key-ring.js';
export { Unsealable } from './unsealable.js';
