export type { ApiKey } from './domain/api-key.js';
export type { Organization } from './domain/organization.js';
export { type Scope, SCOPES } from './domain/scopes.js';
export { OrganizationsModule } from './organizations.module.js';
export { OrganizationsQueries } from './organizations.queries.js';
export {
  type CreateApiKey,
  type CreateOrganization,
  OrganizationsService,
  type RotateApiKey,
} from './organizations.service.js';
