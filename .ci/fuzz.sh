#!/bin/sh
# Fuzzes every target of every package for the given time.
set -eu
for dir in $(go list -f '{{if or .TestGoFiles .XTestGoFiles}}{{.Dir}}{{end}}' ./...); do
	for target in $(cd "$dir" && go test -list '^Fuzz' . | grep '^Fuzz' || true); do
		echo "== $dir $target"
		(cd "$dir" && go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" .)
	done
done
