import { Client } from 'pg';

/** SQL as a stranger to our code would send it, in the role that our code runs as. */
export class RawSession {
  private constructor(private readonly client: Client) {}

  static async open(url: string): Promise<RawSession> {
    const client = new Client({ connectionString: url });
    await client.connect();
    return new RawSession(client);
  }

  /** In one transaction, which is committed; `organizationId` null names none. */
  async run(
    role: string,
    organizationId: string | null,
    statement: string,
    parameters: unknown[] = [],
  ): Promise<number> {
    await this.client.query(`BEGIN; SET LOCAL ROLE ${role}`);
    try {
      if (organizationId !== null) {
        await this.client.query(`SELECT set_config('tranche.organization_id', $1, true)`, [organizationId]);
      }
      const { rowCount } = await this.client.query(statement, parameters);
      await this.client.query('COMMIT');
      return rowCount ?? 0;
    } catch (error) {
      await this.client.query('ROLLBACK');
      throw error;
    }
  }

  close(): Promise<void> {
    return this.client.end();
  }
}
