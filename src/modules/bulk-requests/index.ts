export { BulkRequestsModule } from './bulk-requests.module.js';
