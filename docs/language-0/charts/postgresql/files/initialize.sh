#!/usr/bin/env bash
# Prepares the data directory before the server starts: creates it on the first
# start, finishes a crash recovery, brings the roles and passwords up to date.
set -euo pipefail
umask 0077

config=/etc/postgresql
init_scripts=/etc/postgresql-init
staging="$PGDATA.new"
private="$(mktemp --directory)" # socket and access rules of the temporary server
export SECRETS=/run/secrets/postgresql

server=""
stop_server() {
  if [ -n "$server" ]; then
    pg_ctl stop --silent --wait --mode fast --pgdata "$server"
    server=""
  fi
}
trap 'stop_server || true' EXIT
trap 'exit 143' INT TERM

# The temporary server listens on a socket that only this container can reach.
start_server() {
  echo 'local all postgres trust' >"$private/pg_hba.conf"
  server="$1"
  pg_ctl start --silent --wait --timeout 3600 --pgdata "$server" --options \
    "-c config_file=$config/postgresql.conf -c hba_file=$private/pg_hba.conf -c unix_socket_directories=$private -c listen_addresses=''"
}

run_sql() {
  psql --no-psqlrc --quiet --host "$private" --username postgres \
    --set ON_ERROR_STOP=1 --set VERBOSITY=terse "$@"
}

update_roles() {
  run_sql --dbname postgres --set role="$APP_USERNAME" --set database="$APP_DATABASE" \
    --file "$config/roles.sql"
}

run_init_scripts() {
  local script
  for script in "$init_scripts"/*.sql; do
    if [ -e "$script" ]; then
      echo "running ${script##*/}"
      run_sql --dbname "$APP_DATABASE" --file "$script"
    fi
  done
}

for name in admin-password user-password; do
  if [ ! -s "$SECRETS/$name" ]; then
    echo "error: the Secret holds no value for the $name" >&2
    exit 1
  fi
done

if [ -s "$PGDATA/PG_VERSION" ]; then
  # A volume with a group (fsGroup) opens the directory; the server insists on 0700.
  chmod 0700 "$PGDATA"
  start_server "$PGDATA"
  update_roles
  stop_server
else
  # A directory counts only when everything in it succeeded: it is renamed last.
  rm -rf "$staging"
  PGDATA="$staging" docker-ensure-initdb.sh
  start_server "$staging"
  update_roles
  run_init_scripts
  stop_server
  mv --no-target-directory "$staging" "$PGDATA"
fi
