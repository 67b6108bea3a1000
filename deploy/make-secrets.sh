#!/bin/sh
# Makes what docker-compose.yml hands over as files, once: what is there already stays. Only its owner can enter the directory; the
# files are readable in it, because a container reads them as a user of its own.
set -eu
cd "$(dirname "$0")/.."
umask 022
mkdir -p -m 700 secrets

make() {
  if [ ! -s "secrets/$1" ]; then printf '%s\n' "$2" >"secrets/$1"; fi
}

make postgres-password "$(openssl rand -hex 32)"
make application-password "$(openssl rand -hex 32)"
make owner-database-url "postgres://tranche:$(cat secrets/postgres-password)@postgres:5432/tranche"
make database-url "postgres://tranche_app:$(cat secrets/application-password)@postgres:5432/tranche"
make admin-api-key "trk_admin_$(openssl rand -hex 32)"
# Keep a copy elsewhere: without it no counterparty can be read or paid any more.
make data-encryption-keys "$(openssl rand -base64 32)"
