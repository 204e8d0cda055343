package planner

import (
	"cmp"
	"slices"
)

// How far a search for edits goes.
const (
	// mostEdits is the size of the largest sets that are looked for.
	mostEdits = 4
	// mostSets is how many sets of the smallest size are given.
	mostSets = 20
	// mostProbes is how many times the question is asked.
	mostProbes = 20000
)

// SearchEnd says how the search for the smallest sets of edits ended.
type SearchEnd string

// The ends of a search.
const (
	// SearchComplete: the sets given are all that there are of the smallest size;
	// none means that no memberships, assignments or status within reach of an
	// edit change the answer.
	SearchComplete SearchEnd = "complete"
	// SearchMore: there are more sets of that size.
	SearchMore SearchEnd = "more"
	// SearchBounded: the search was given up, because it takes more than four
	// edits, or because there is too much to try. Sets that are given do change
	// the answer and are of the smallest size; there may be others.
	SearchBounded SearchEnd = "bounded"
)

// search looks for the smallest sets of turns that turn an answer.
type search struct {
	ask    func(made []turn) verdict
	was    bool
	size   int
	probes int
	tried  map[string]bool
	found  [][]turn
	end    SearchEnd
}

// smallest returns every set of the smallest size that turns the answer.
//
// An answer rests on some turns and stays while none of them is made. So every
// set that turns it holds one of those, and it is enough to go on from each: no
// set of the smallest size is missed, and little else is tried.
func smallest(ask func(made []turn) verdict) ([][]turn, SearchEnd) {
	first := ask(nil)
	s := search{ask: ask, was: first.holds, end: SearchComplete}
	deeper := len(first.on) > 0
	for s.size = 1; deeper && len(s.found) == 0; s.size++ {
		if s.size > mostEdits {
			return nil, SearchBounded
		}
		s.tried = make(map[string]bool)
		deeper = s.from(nil)
		if s.end != SearchComplete {
			break
		}
	}
	return s.found, s.end
}

// from tries what goes beyond some turns, in the order in which they are best
// offered. It reports whether there is anything left for larger sets.
func (s *search) from(made []turn) bool {
	if s.probes++; s.probes > mostProbes {
		s.end = SearchBounded
		return false
	}
	v := s.ask(made)
	if v.holds != s.was {
		s.keep(made)
		return false
	}
	if len(made) == s.size {
		return len(v.on) > 0
	}
	deeper := false
	for _, t := range v.on {
		if s.end != SearchComplete {
			break
		}
		more := append(slices.Clone(made), t)
		if key := turnsKey(more); !s.tried[key] {
			s.tried[key] = true
			deeper = s.from(more) || deeper
		}
	}
	return deeper
}

// keep takes a set down.
func (s *search) keep(made []turn) {
	if len(s.found) == mostSets {
		s.end = SearchMore
		return
	}
	s.found = append(s.found, made)
}

// turnsKey is the same for the same turns in any order.
func turnsKey(made []turn) string {
	sorted := slices.SortedFunc(slices.Values(made), compareTurns)
	key := make([]byte, 0, len(sorted)*9)
	for _, t := range sorted {
		key = append(key, byte(t.kind))
		for _, n := range [...]uint32{t.owner, t.other} {
			key = append(key, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
		}
	}
	return string(key)
}

func compareTurns(a, b turn) int {
	return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.owner, b.owner), cmp.Compare(a.other, b.other))
}

// search finds the sets of edits that turn an answer. Of two sets that differ
// only in the group that the person joins, the one whose group depends on the
// other's is left: it does the same with less beside it.
func (x *explainer) search(a *Answer, ask func(q *probe) verdict, ways []way, s *Scope) {
	sets, end := smallest(func(made []turn) verdict { return ask(newProbe(x.d, x.p, s, ways, made)) })
	a.Search = end
	slices.SortStableFunc(sets, func(a, b []turn) int { return cmp.Compare(reach(a), reach(b)) })
	for _, set := range sets {
		if !slices.ContainsFunc(sets, func(other []turn) bool { return x.covers(other, set) }) {
			a.EditSets = append(a.EditSets, x.edits(set, s))
		}
	}
}

// reach weighs how far a set reaches beyond the person and the repository: what
// takes something from everybody in a group comes after what is about one person.
func reach(set []turn) int {
	n := 0
	for _, t := range set {
		switch t.kind {
		case turnRow:
			n++
		case turnDetach, turnUnassignGroup, turnActivate:
			n += 2
		}
	}
	return n
}

// covers reports whether a set is the other but for joining a group that
// depends on the one that the other joins.
func (x *explainer) covers(set, other []turn) bool {
	var here, there []turn
	for _, t := range set {
		if !slices.Contains(other, t) {
			here = append(here, t)
		}
	}
	for _, t := range other {
		if !slices.Contains(set, t) {
			there = append(there, t)
		}
	}
	return len(here) == 1 && len(there) == 1 && here[0].kind == turnJoin &&
		(there[0].kind == turnJoin || there[0].kind == turnRow) && x.dependsOn(here[0].owner, there[0].owner)
}

// dependsOn reports whether group g includes or reads another, over any number
// of groups.
func (x *explainer) dependsOn(g, other uint32) bool {
	seen := make(map[uint32]bool)
	for next := []uint32{g}; len(next) > 0; next = next[1:] {
		at := next[0]
		group := &x.d.Groups[at]
		if seen[at] || group.Block == nil {
			continue
		}
		seen[at] = true
		reads := x.d.readBy(group)
		if slices.Contains(reads, other) {
			return true
		}
		next = append(next, slices.DeleteFunc(reads, func(r uint32) bool { return r == noGroup })...)
	}
	return false
}

// readBy lists the groups that a group includes, and those that its rules read.
func (d *Desired) readBy(group *Group) []uint32 {
	reads := slices.Clone(group.includes)
	for i := range group.Block.Rules {
		c := group.Block.Rules[i].Condition
		if c == nil {
			continue
		}
		for _, ref := range c.Groups() {
			if read, ok := d.group(ref); ok {
				reads = append(reads, read)
			}
		}
	}
	return reads
}
