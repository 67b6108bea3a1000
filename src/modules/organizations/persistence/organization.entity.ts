import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import type { Organization } from '../domain/organization.js';

@Entity('organizations')
export class OrganizationEntity implements Organization {
  @PrimaryColumn('uuid')
  id: string;

  @Column('text')
  name: string;

  @Column('text')
  slug: string;

  @CreateDateColumn({ name: 'created_at', type: 'timestamptz' })
  createdAt: Date;
}
