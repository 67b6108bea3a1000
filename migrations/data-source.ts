import { DataSource } from 'typeorm';
import { databaseUrl } from './database-url.js';
import { CreateOrganizations1795251600000 } from './1795251600000-create-organizations.js';
import { CreateAccounts1795251660000 } from './1795251660000-create-accounts.js';
import { CreateLedger1795251720000 } from './1795251720000-create-ledger.js';
import { CreatePlatformTables1795251780000 } from './1795251780000-create-platform-tables.js';
import { CreateBulkRequests1795251840000 } from './1795251840000-create-bulk-requests.js';
import { CreateTransfers1795251900000 } from './1795251900000-create-transfers.js';
import { CreateSandboxJournal1795251960000 } from './1795251960000-create-sandbox-journal.js';
import { AddControl1795252020000 } from './1795252020000-add-control.js';
import { CreateReconciliation1795252080000 } from './1795252080000-create-reconciliation.js';
import { IndexRareStates1795252140000 } from './1795252140000-index-rare-states.js';
import { OrderOpenEvidence1795252200000 } from './1795252200000-order-open-evidence.js';
import { IsolateOrganizations1795252260000 } from './1795252260000-isolate-organizations.js';
import { ProveBalances1795252290000 } from './1795252290000-prove-balances.js';
import { HardenApiKeys1795252320000 } from './1795252320000-harden-api-keys.js';
import { CreateAuditLog1795252380000 } from './1795252380000-create-audit-log.js';
import { EncryptCounterparties1795252440000 } from './1795252440000-encrypt-counterparties.js';
import { CreatePaymentPolicies1795252500000 } from './1795252500000-create-payment-policies.js';
import { CountAcceptances1795252510000 } from './1795252510000-count-acceptances.js';
import { KeepPoliciesOutOfPlans1795252516000 } from './1795252516000-keep-policies-out-of-plans.js';
import { FindAlikePayments1795252517000 } from './1795252517000-find-alike-payments.js';
import { HardenRoles1795252518000 } from './1795252518000-harden-roles.js';
import { IndexRareLookups1795252518500 } from './1795252518500-index-rare-lookups.js';
import { BeginAuditChains1795252518700 } from './1795252518700-begin-audit-chains.js';
import { RememberWhoFroze1795252519000 } from './1795252519000-remember-who-froze.js';
import { CreateEventLog1795252520000 } from './1795252520000-create-event-log.js';
import { CreateWebhooks1795252580000 } from './1795252580000-create-webhooks.js';
import { CreateNotifications1795252640000 } from './1795252640000-create-notifications.js';

/** For the typeorm command line, tests and `MIGRATE_ON_START`: the migrations as a literal list, run in one transaction each. */
export default new DataSource({
  type: 'postgres',
  url: databaseUrl(process.env),
  applicationName: 'tranche-migrate',
  migrationsTransactionMode: 'each',
  migrations: [
    CreateOrganizations1795251600000,
    CreateAccounts1795251660000,
    CreateLedger1795251720000,
    CreatePlatformTables1795251780000,
    CreateBulkRequests1795251840000,
    CreateTransfers1795251900000,
    CreateSandboxJournal1795251960000,
    AddControl1795252020000,
    CreateReconciliation1795252080000,
    IndexRareStates1795252140000,
    OrderOpenEvidence1795252200000,
    IsolateOrganizations1795252260000,
    ProveBalances1795252290000,
    HardenApiKeys1795252320000,
    CreateAuditLog1795252380000,
    EncryptCounterparties1795252440000,
    CreatePaymentPolicies1795252500000,
    CountAcceptances1795252510000,
    KeepPoliciesOutOfPlans1795252516000,
    FindAlikePayments1795252517000,
    HardenRoles1795252518000,
    IndexRareLookups1795252518500,
    BeginAuditChains1795252518700,
    RememberWhoFroze1795252519000,
    CreateEventLog1795252520000,
    CreateWebhooks1795252580000,
    CreateNotifications1795252640000,
  ],
});
