#!/bin/sh
# Shows rollcall at work on examples/quickstart, in a folder of its own that is
# removed at the end. The target is the SCIM service inside rollcall: real HTTP
# over loopback, kept in a file, no credential.
set -eu
rollcall=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT INT TERM
cp "$(dirname "$0")"/quickstart/*.hcl "$dir"
cd "$dir"

step() {
	printf '\n\033[1m# %s\033[0m\n' "$1" | if [ -t 1 ]; then cat; else sed 's/\x1b\[[0-9;]*m//g'; fi
	shift
	printf '$ rollcall %s\n' "$*"
	"$rollcall" "$@"
}

step 'What would change? Planning writes nothing.' plan -out=plan.json
step 'Carry it out, exactly that.' apply plan.json
step 'Contractors is pushed, and Dana does not appear. Why?' explain dana@agency.example -in group.contractors
step 'Planned again, right after: there is nothing left to do.' plan -detailed-exitcode
