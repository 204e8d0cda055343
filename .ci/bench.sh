#!/bin/sh
# Runs every benchmark once and prints what they reported as one table.
set -eu
out=$(mktemp)
trap 'rm -f "$out"' EXIT
go test -run '^$' -bench "${1:-.}" -benchtime 1x -timeout 60m ./... >"$out" 2>&1 || { cat "$out"; exit 1; }
awk -f .ci/bench.awk "$out"
