#!/bin/sh
# Writes proto/gen from the .proto files. With --check: fails when what is there is not what they say.
set -eu
cd "$(dirname "$0")/.."
out=proto/gen
[ "${1:-}" != --check ] || out=$(mktemp -d)
node_modules/.bin/proto-loader-gen-types --longs=Number --enums=String --bytes=Buffer --defaults --oneofs \
  --includeComments --grpcLib=@grpc/grpc-js --targetFileExtension=.ts --importFileExtension=.ts \
  -I proto -O "$out" fleet/v1/collector.proto fleet/v1/trainer.proto fleet/v1/fleet.proto \
  fleet/v1/reward.proto keda/externalscaler.proto >/dev/null
[ "${1:-}" = --check ] || exit 0
diff -r "$out" proto/gen >/dev/null && rm -r "$out" && exit 0
rm -r "$out"
echo "proto/gen is not what proto/fleet/v1 says: run proto/generate.sh" >&2
exit 1
