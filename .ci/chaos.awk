# Keeps the line of each kind from the output of the chaos tests, and adds them
# up. Exits 1 if anything was lost, duplicated or wrongly removed, or failed.
function count(word,    rest) {
	if (!match($0, word " [0-9]+")) return 0
	rest = substr($0, RSTART + length(word) + 1, RLENGTH - length(word) - 1)
	return rest + 0
}
# The last line is the exit code of all; without it the tests were cut short.
/^exit code of all: / { ended = $NF == "0"; next }
/^ *(=== |--- PASS|PASS|\?|testing: warning|ok .*no tests)/ { next }
{ sub(/^ *[a-z_]+\.go:[0-9]+: /, ""); print; fflush() }
/: runs [0-9]+, kills [0-9]+/ {
	runs += count("runs"); kills += count("kills"); interrupts += count("interrupts")
	lost += count("lost"); twice += count("duplicated"); taken += count("wrongly removed")
	if (match($0, /answers map\[[^]]*\]/)) {
		faults = substr($0, RSTART + 12, RLENGTH - 13)
		while (match(faults, /:[0-9]+/)) {
			kind = substr(faults, 1, RSTART - 1); sub(/^ +/, "", kind)
			struck[kind] += substr(faults, RSTART + 1, RLENGTH - 1)
			faults = substr(faults, RSTART + RLENGTH)
		}
	}
}
END {
	print ""
	printf "runs             %d\n", runs
	printf "SIGKILL          %d\n", kills
	printf "interrupts       %d\n", interrupts
	for (kind in struck) printf "answer           %d  %s\n", struck[kind], kind
	printf "lost             %d\nduplicated       %d\nwrongly removed  %d\n", lost, twice, taken
	exit !ended || runs == 0 || lost + twice + taken > 0
}
