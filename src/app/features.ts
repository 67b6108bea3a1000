import { AccountsModule } from '../modules/accounts/index.js';
import { AuditModule } from '../modules/audit/index.js';
import { BulkRequestsModule } from '../modules/bulk-requests/index.js';
import { EventsModule } from '../modules/events/index.js';
import { LedgerModule } from '../modules/ledger/index.js';
import { NotificationsModule } from '../modules/notifications/index.js';
import { OrganizationsModule } from '../modules/organizations/index.js';
import { PoliciesModule } from '../modules/policies/index.js';
import { RailsModule } from '../modules/rails/index.js';
import { ReconciliationModule } from '../modules/reconciliation/index.js';
import { TransfersModule } from '../modules/transfers/index.js';
import { WebhooksModule } from '../modules/webhooks/index.js';

/** THE list of features. The API and the worker compose the same ones. */
export const features = [
  AuditModule,
  EventsModule,
  WebhooksModule,
  OrganizationsModule,
  AccountsModule,
  LedgerModule,
  RailsModule,
  TransfersModule,
  PoliciesModule,
  BulkRequestsModule,
  ReconciliationModule,
  NotificationsModule,
];
