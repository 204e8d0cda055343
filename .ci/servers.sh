#!/bin/sh
# Makes what the tests of the state stores start: PostgreSQL, and an S3 server
# built from its source at a pinned version. Prints the build tag that those
# tests have, or nothing where a server cannot be had: then they do not run, and
# this says so. With SERVERS=require that is an error.
set -u
missing=
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing="PostgreSQL (install postgresql)"
[ -n "$missing" ] || go build -modfile=.ci/servers.mod -o bin/versitygw github.com/versity/versitygw/cmd/versitygw >&2 ||
	missing="the S3 server versitygw (it could not be built)"
[ -z "$missing" ] && { echo servers; exit 0; }
echo "not run: the tests of state stores on real servers, which need $missing" >&2
[ "${SERVERS:-}" != require ]
