#!/bin/sh
# Runs govulncheck with the given tool command. Its database lies on the
# network: where that cannot be reached the check says so and passes, and
# whatever else goes wrong fails. What it has found fails, whatever words it is
# told in.
set -u
out=$("$@" govulncheck ./... 2>&1) && { echo "govulncheck: no known vulnerability is reachable"; exit 0; }
case $out in
*"Vulnerability #"*) ;;
*"fetching vulnerabilities"*|*"no such host"*|*"connection refused"*|*"i/o timeout"*)
	echo "govulncheck: not checked, its database cannot be reached from here"; exit 0 ;;
esac
printf '%s\n' "$out"
exit 1
