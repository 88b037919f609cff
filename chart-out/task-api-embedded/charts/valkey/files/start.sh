#!/bin/sh
# Starts the server with the password of the Secret, which appears neither in the
# arguments nor in the environment of a process.
set -eu
umask 0077

password="$(cat /run/secrets/valkey/password)"
if [ -z "$password" ]; then
  echo "error: the Secret holds no value for the password" >&2
  exit 1
fi

# Every byte as \xHH: no character of a password means anything in the configuration.
escaped="$(printf '%s' "$password" | od -A n -t x1 -v | tr -d ' \n' | sed 's/../\\x&/g')"
printf 'requirepass "%s"\n' "$escaped" >/run/valkey/auth.conf

# The checks use what the server was started with, not what the Secret says later.
printf '%s' "$password" >/run/valkey/password

exec valkey-server /etc/valkey/server.conf
