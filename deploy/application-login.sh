#!/bin/sh
# Run by the postgres image when it makes its data: a login for API and worker that owns nothing, and the roles it may act as.
# On data from before, run its SQL by hand (docs/tenant-isolation.md).
set -eu
psql --set=ON_ERROR_STOP=1 --set=password="$(cat /run/secrets/application-password)" \
  --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" <<'SQL'
CREATE ROLE tranche_organization NOLOGIN;
CREATE ROLE tranche_discovery NOLOGIN;
CREATE ROLE tranche_platform NOLOGIN;
CREATE ROLE tranche_app LOGIN NOINHERIT PASSWORD :'password';
GRANT tranche_organization, tranche_discovery, tranche_platform TO tranche_app;
SQL
