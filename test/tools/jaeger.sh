#!/bin/bash
# Builds Jaeger, which is an OpenTelemetry Collector with a store and a page, from Go modules into $BIN: some minutes, once.
# Needs Go. One that is there already is kept.
set -euo pipefail
JAEGER=v1.76.0
BIN=${BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/rollout-fleet/bin}
if [ -x "$BIN/jaeger" ]; then
  echo "jaeger is there: $BIN/jaeger"
  exit
fi
mkdir -p "$BIN"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
printf 'module jaeger\ngo 1.24\n' > go.mod
go get -tool "github.com/jaegertracing/jaeger/cmd/jaeger@$JAEGER"
CGO_ENABLED=0 go build -mod=mod -trimpath -ldflags "-s -w" -o "$BIN/.jaeger" github.com/jaegertracing/jaeger/cmd/jaeger
mv "$BIN/.jaeger" "$BIN/jaeger"
echo "built $BIN/jaeger"
