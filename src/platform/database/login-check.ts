import { Injectable, type OnModuleInit } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { createLogger } from '../logging/index.js';

interface Login {
  readonly name: string;
  /** Row level security does not hold for it, or it could turn it off. */
  readonly standsAbove: boolean;
  /** Roles that exist and that it may not act as. */
  readonly missing: readonly string[];
}

const logger = createLogger('database');

/**
 * The login of `DATABASE_URL` must be able to act as the roles of migrations/row-security.ts, and should be nothing more: what owns the
 * tables could also turn their row level security off. Before the first migration there are no roles, and nothing to check.
 */
@Injectable()
export class LoginCheck implements OnModuleInit {
  constructor(private readonly dataSource: DataSource) {}

  /** @throws when statements could not run as their roles */
  async onModuleInit(): Promise<void> {
    const [login] = await this.dataSource.query<Login[]>(
      `SELECT current_user AS name,
              (SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user)
                OR EXISTS (SELECT FROM pg_class WHERE oid = to_regclass('transfers') AND pg_has_role(relowner, 'USAGE'))
                AS "standsAbove",
              coalesce((SELECT json_agg(rolname ORDER BY rolname) FROM pg_roles
                         WHERE rolname IN ('tranche_organization', 'tranche_discovery', 'tranche_platform')
                           AND NOT pg_has_role(oid, 'MEMBER')), '[]') AS missing`,
    );
    if (!login) return;
    if (login.missing.length > 0) {
      const roles = login.missing.join(', ');
      throw new Error(`The login of DATABASE_URL may not act as ${roles}: GRANT ${roles} TO "${login.name}" first.`);
    }
    if (login.standsAbove) logger.warn({ event: 'database_login_stands_above', login: login.name });
  }
}
