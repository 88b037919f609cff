#!/bin/sh
# ping.sh live: the server answers, be it that it still loads its data.
# ping.sh ready: the server executes commands.
set -eu

REDISCLI_AUTH="$(cat /run/valkey/password)"
VALKEYCLI_AUTH="$REDISCLI_AUTH"
export REDISCLI_AUTH VALKEYCLI_AUTH

reply="$(valkey-cli -h 127.0.0.1 -p 6379 ping)"
case "$1:$reply" in
  live:?* | ready:PONG) ;;
  *)
    echo "$reply" >&2
    exit 1
    ;;
esac
