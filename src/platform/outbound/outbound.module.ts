import { Module } from '@nestjs/common';
import { CONFIG } from '../../config/config.module.js';
import type { Config } from '../../config/config.schema.js';
import { HostNames, NameServers, Network } from './network.js';
import { OutboundClient } from './outbound-client.js';
import { OutboundUrls } from './outbound-urls.js';
import { OutboundPolicy, WEB_PORTS } from './url-rules.js';

const policy = ({ WEBHOOK_ALLOW_PRIVATE_NETWORKS: allowed }: Config): OutboundPolicy =>
  new OutboundPolicy(allowed, allowed ? null : WEB_PORTS);

const network = ({ WEBHOOK_ALLOW_PRIVATE_NETWORKS: allowed }: Config): Network =>
  allowed ? new HostNames() : new NameServers();

/** Requests to addresses that customers typed in. */
@Module({
  providers: [
    { provide: OutboundPolicy, inject: [CONFIG], useFactory: policy },
    { provide: Network, inject: [CONFIG], useFactory: network },
    OutboundClient,
    OutboundUrls,
  ],
  exports: [OutboundClient, OutboundUrls],
})
export class OutboundModule {}
