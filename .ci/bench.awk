# Makes one table of what benchmarks reported: a line a benchmark and stage. A
# metric "load-s" is the seconds of the stage load, "load-×" its ratio to a
# floor; a metric that names no stage has its own name for a unit.
/^pkg:/ {
	sub(/.*rollcall\//, "", $2)
	package = $2
}
/^Benchmark/ {
	sub(/^Benchmark/, "", $1)
	sub(/-[0-9]+$/, "", $1)
	printf "\n%s  (%s)\n", $1, package
	stages = 0
	rest = ""
	for (i = 3; i < NF; i += 2) {
		value = $i
		unit = $(i + 1)
		if (match(unit, /-(s|×)$/) && unit !~ /^total/ && unit != "read-s") {
			stage = substr(unit, 1, RSTART - 1)
			if (!(($1, stage) in seen)) {
				seen[$1, stage] = 1
				order[++stages] = stage
			}
			figure[stage, substr(unit, RSTART + 1)] = value
		} else if (!(unit == "ns/op" && value == 0)) {
			rest = rest sprintf("  %-10s %10s %s\n", "", value, unit)
		}
	}
	for (s = 1; s <= stages; s++)
		printf "  %-10s %10s s %10s × its floor\n", order[s], figure[order[s], "s"], figure[order[s], "×"]
	printf "%s", rest
}
