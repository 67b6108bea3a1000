import { Body, Controller, Get, Put } from '@nestjs/common';
import { ApiBody, ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { ApiProblems, IdParam, OrganizationId, PlatformScope, Scopes } from '../../../platform/http/index.js';
import { OrganizationsQueries } from '../../organizations/index.js';
import { PoliciesQueries } from '../policies.queries.js';
import { PoliciesService } from '../policies.service.js';
import {
  PaymentPolicyDto,
  paymentPolicyDto,
  SET_POLICY_EXAMPLES,
  setPolicyOf,
  SetPaymentPolicyDto,
} from './payment-policy.dto.js';

@ApiTags('Policies')
@Controller('organizations/:organization_id/payment-policy')
export class PaymentPolicyController {
  constructor(
    private readonly policies: PoliciesService,
    private readonly queries: PoliciesQueries,
    private readonly organizations: OrganizationsQueries,
  ) {}

  /** Read the payment policy of an organization */
  @Get()
  @PlatformScope()
  @ApiOkResponse({ type: PaymentPolicyDto, description: 'The policy as it is now; version 0 when none was set.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@IdParam('organization_id') organizationId: string): Promise<PaymentPolicyDto> {
    await this.organizations.get(organizationId);
    return paymentPolicyDto(await this.queries.getPolicy(organizationId));
  }

  /**
   * Set the payment policy of an organization
   *
   * Replaces it whole, if it still is of the version sent. Only the platform can: who submits payments cannot loosen what they are held
   * against. What waits for approval already keeps the terms it was accepted under.
   */
  @Put()
  @PlatformScope()
  @ApiBody({ type: SetPaymentPolicyDto, examples: SET_POLICY_EXAMPLES })
  @ApiOkResponse({
    type: PaymentPolicyDto,
    description: 'The policy, set. It holds for what is submitted from now on.',
  })
  @ApiProblems(400, 401, 403, 404, 409, 413, 415, 422, 503)
  async set(
    @IdParam('organization_id') organizationId: string,
    @Body() body: SetPaymentPolicyDto,
  ): Promise<PaymentPolicyDto> {
    return paymentPolicyDto(await this.policies.setPolicy(setPolicyOf(organizationId, body)));
  }
}

@ApiTags('Policies')
@Controller('payment-policy')
export class OwnPaymentPolicyController {
  constructor(private readonly queries: PoliciesQueries) {}

  /** Read the payment policy your bulk requests are held against */
  @Get()
  @Scopes('policies:read')
  @ApiOkResponse({ type: PaymentPolicyDto, description: 'The policy as it is now; version 0 when none was set.' })
  @ApiProblems(400, 401, 403, 404, 503)
  async get(@OrganizationId() organizationId: string): Promise<PaymentPolicyDto> {
    return paymentPolicyDto(await this.queries.getPolicy(organizationId));
  }
}
