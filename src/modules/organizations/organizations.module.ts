import { Global, Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Authenticator } from '../../platform/http/index.js';
import { AuditTrailModule } from '../audit/index.js';
import { EventLogModule } from '../events/index.js';
import { KeyHasher } from './application/key-hasher.js';
import { RecognizeKey } from './application/recognize-key.js';
import { RecognizeToken } from './application/recognize-token.js';
import { CredentialAuthenticator } from './http/credential.authenticator.js';
import { ApiKeysController } from './http/api-keys.controller.js';
import { OrganizationsController } from './http/organizations.controller.js';
import { OrganizationsQueries } from './organizations.queries.js';
import { OrganizationsService } from './organizations.service.js';
import { ApiKeyEntity } from './persistence/api-key.entity.js';
import { OrganizationEntity } from './persistence/organization.entity.js';
import { OrganizationsRepository } from './persistence/organizations.repository.js';

/** Global for its Authenticator: platform/http, which knows no module, asks it who is calling. */
@Global()
@Module({
  imports: [AuditTrailModule, EventLogModule, TypeOrmModule.forFeature([OrganizationEntity, ApiKeyEntity])],
  controllers: [OrganizationsController, ApiKeysController],
  providers: [
    OrganizationsRepository,
    OrganizationsService,
    OrganizationsQueries,
    KeyHasher,
    RecognizeKey,
    RecognizeToken,
    { provide: Authenticator, useClass: CredentialAuthenticator },
  ],
  exports: [OrganizationsService, OrganizationsQueries, Authenticator],
})
export class OrganizationsModule {}
