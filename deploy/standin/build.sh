#!/bin/sh
# Builds bin/image, the context of Dockerfile.prebuilt and standin/Dockerfile:
# our commands, the NATS server of go.mod and the Prometheus of Debian's package
# "prometheus". Nothing is downloaded beyond what go.mod names.
#
#   deploy/standin/build.sh
#   cd deploy && docker-compose -f compose.yaml -f compose.local.yaml up --build -d
set -eu
cd "$(dirname "$0")/../.."
out=bin/image
rm -rf "$out"
mkdir -p "$out/data" "$out/prometheus"

export CGO_ENABLED=0
go build -trimpath -ldflags="-s -w" -o "$out/" ./cmd/... ./deploy/standin/wget
go build -trimpath -ldflags="-s -w" -o "$out/" github.com/nats-io/nats-server/v2

prometheus=$(command -v prometheus) || {
  echo "build.sh: prometheus is not installed: apt-get install prometheus" >&2
  exit 1
}
# Debian links it dynamically: take the libraries along, at their places.
for file in $(ldd "$prometheus" | grep -o '/[^ ]*'); do
  mkdir -p "$out/prometheus/$(dirname "$file")"
  cp -L "$file" "$out/prometheus/$file"
done
mkdir -p "$out/prometheus/usr/bin"
cp -L "$prometheus" "$out/prometheus/usr/bin/prometheus"
