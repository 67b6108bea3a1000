/** The least that an engine with one job per transfer needs. The same data of a line as the product keeps, in fewer columns. */
export const SCHEMA = `
  CREATE SCHEMA naive;
  CREATE TABLE naive.accounts (
    id       uuid PRIMARY KEY,
    balance  bigint NOT NULL,
    reserved bigint NOT NULL DEFAULT 0,
    CHECK (reserved >= 0 AND reserved <= balance)
  ) WITH (fillfactor = 50);
  CREATE TABLE naive.bulks (
    id         uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES naive.accounts,
    lines      integer NOT NULL,
    settled    integer NOT NULL DEFAULT 0,
    status     text NOT NULL DEFAULT 'processing'
  ) WITH (fillfactor = 50);
  CREATE TABLE naive.transfers (
    id           uuid PRIMARY KEY,
    bulk_id      uuid NOT NULL,
    line         integer NOT NULL,
    account_id   uuid NOT NULL,
    amount_minor bigint NOT NULL CHECK (amount_minor > 0),
    currency     text NOT NULL,
    name         text NOT NULL,
    iban         text NOT NULL,
    bic          text,
    description  text,
    status       text NOT NULL DEFAULT 'pending',
    attempts     smallint NOT NULL DEFAULT 0,
    rail_id      text,
    created_at   timestamptz NOT NULL DEFAULT now(),
    settled_at   timestamptz,
    UNIQUE (bulk_id, line)
  );
  CREATE INDEX naive_transfers_of_account ON naive.transfers (account_id, id);
  CREATE TABLE naive.postings (
    transfer_id  uuid NOT NULL,
    account_id   uuid NOT NULL,
    amount_minor bigint NOT NULL,
    created_at   timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (transfer_id, account_id)
  );`;

export const ACCOUNT_ID = '00000000-0000-7000-8000-000000000001';
export const CLEARING_ID = '00000000-0000-7000-8000-000000000002';
