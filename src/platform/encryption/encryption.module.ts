import { Global, Module } from '@nestjs/common';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { developmentKey } from '../../config/encryption-keys.js';
import { createLogger } from '../logging/index.js';
import { BlindIndex } from './blind-index.js';
import { FieldCipher } from './field-cipher.js';
import { KeyRing } from './key-ring.js';

const logger = createLogger('encryption');

function keyRing({ DATA_ENCRYPTION_KEYS: keys }: Config): KeyRing {
  if (keys !== undefined) return new KeyRing(keys);
  logger.warn({ event: 'development_encryption_key', missing: 'DATA_ENCRYPTION_KEYS' });
  return new KeyRing([developmentKey()]);
}

/** Personal data at rest, for every feature that has some. */
@Global()
@Module({
  providers: [
    { provide: KeyRing, inject: [CONFIG], useFactory: keyRing },
    { provide: FieldCipher, inject: [KeyRing], useFactory: (ring: KeyRing) => new FieldCipher(ring) },
    { provide: BlindIndex, inject: [KeyRing], useFactory: (ring: KeyRing) => new BlindIndex(ring) },
  ],
  exports: [KeyRing, FieldCipher, BlindIndex],
})
export class EncryptionModule {}
