# Keeps the line of each kind from the output of a campaign,
#
#	KIND: runs 12, FAULT 3, FAULT 4: lost 0, two writers 0
#
# and adds them up. Names in kinds must be there, with or without a /part behind.
# Exits 1 if one of them is not, or had no runs or no faults, if what must be
# none is not, or if the tests failed or were cut short.
function add(name, n) {
	if (!(name in sum)) names[++all] = name
	sum[name] = name ~ /^worst/ ? (n > sum[name] ? n : sum[name]) : sum[name] + n
}
# none tells what a campaign must have none of.
function none(name) { return name ~ /^(lost|duplicated|wrongly removed|two writers)$/ }
function bad(why) { print "FAILED: " why; failed = 1 }
# The last line is the exit code of all; without it the tests were cut short.
/^exit code of all: / { ended = 1; if ($NF != 0) bad("exit code " $NF); next }
/^ *(=== |--- PASS|PASS|\?|testing: warning|ok )/ {
	if (passed && $2 == "PASS:") { print $3 ": histories " passed; add("histories", passed); seen[$3] += passed; passed = 0 }
	next
}
{ sub(/^ *[a-z_]+\.go:[0-9]+: /, "") }
/^\[rapid\] OK, passed / { passed = $4; next }
{ print; fflush() }
/^[^ :]*: runs [0-9]+,/ {
	kind = $1; sub(/:$/, "", kind)
	line = substr($0, length(kind) + 3); sub(/ \(.*/, "", line)
	faults = 0
	n = split(line, items, /[,:] /)
	for (i = 1; i <= n; i++) {
		name = items[i]; value = name
		sub(/ [0-9]+$/, "", name); sub(/^.* /, "", value)
		add(name, value + 0)
		if (name == "runs") ran = value + 0
		else if (none(name)) { if (value + 0) bad(kind ": " items[i]) }
		else if (name !~ /^worst/) faults += value
	}
	if (!ran) bad(kind ": no runs")
	if (!faults) bad(kind ": no faults")
	sub(/\/.*/, "", kind); seen[kind] += ran
}
END {
	print ""
	for (last = 0; last <= 1; last++)
		for (i = 1; i <= all; i++) if (none(names[i]) == last) printf "%-40s %d\n", names[i], sum[names[i]]
	n = split(kinds, wanted, " ")
	for (i = 1; i <= n; i++) if (!seen[wanted[i]]) bad("nothing was heard of " wanted[i])
	if (!ended) bad("the tests were cut short")
	exit failed
}
