package planner

import (
	"fmt"
	"slices"

	"github.com/rollcall-dev/rollcall/schema"
)

// runRule adds everyone for whom g's rule number i holds. People who are
// DEPROVISIONED are not moved by rules.
func (r *resolver) runRule(g *Group, i int, add func(Person, via)) {
	rule := &g.Block.Rules[i]
	excluded := make(map[Person]bool, len(rule.Exclude))
	for _, ref := range rule.Exclude {
		if p, ok := r.person(ref); ok {
			excluded[p] = true
		}
	}
	if rule.Inactive {
		r.found(schema.Diagnostic{
			Severity: schema.Warning, Code: "rule-inactive", Summary: "Inactive rule",
			Detail: fmt.Sprintf("A rule of %s has active = false and adds nobody; whom it added before leaves the group.", g.Key),
			Origin: rule.Origin, Object: g.Key,
		})
	}
	if rule.Inactive || rule.Condition == nil {
		return
	}
	failed := 0
	for p := range r.d.People {
		u := &r.d.People[p]
		if u.Status == schema.Deprovisioned || excluded[Person(p)] {
			continue
		}
		holds, err := rule.Condition.Holds(u, r.memberOf(Person(p)))
		if err != nil {
			if failed == 0 {
				r.ruleFailed(g, rule, u, err)
			}
			failed++
			continue
		}
		if holds {
			add(Person(p), viaRule|via(i))
		}
	}
}

// memberOf answers a condition's question whether p is in a group that was
// filled before.
func (r *resolver) memberOf(p Person) func(schema.Address) bool {
	return func(a schema.Address) bool {
		g, ok := r.groupAt[string(a)]
		return ok && r.d.Groups[g].Has(p)
	}
}

func (r *resolver) ruleFailed(g *Group, rule *schema.Rule, u *schema.User, err error) {
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "invalid-value", Summary: "Condition failed",
		Detail: fmt.Sprintf("The condition of a rule of %s fails for %s: %v. "+
			"Test for null first where an attribute may be missing.", g.Key, u.Login, err),
		Origin: rule.Origin, Object: g.Key,
		Related: []schema.Related{{Origin: u.Origin, Message: "the person is declared here"}},
	})
}

// dependencyOrder returns the groups so that each comes after those it depends
// on. A cycle is reported with all its edges, and broken at the last.
func (r *resolver) dependencyOrder(edges [][]edge) []uint32 {
	w := walk{r: r, edges: edges, state: make([]uint8, len(edges)), order: make([]uint32, 0, len(edges))}
	for g := range edges {
		w.visit(uint32(g))
	}
	return w.order
}

// walk is a depth-first walk over groups. path holds the edges that led to
// where it is, start the group of the first.
type walk struct {
	r     *resolver
	edges [][]edge
	state []uint8
	path  []step
	order []uint32
}

type step struct {
	from uint32
	edge
}

const (
	unseen = iota
	open
	done
)

// visit walks from g without recursion, so that a chain of any depth is fine.
func (w *walk) visit(g uint32) {
	if w.state[g] != unseen {
		return
	}
	type frame struct {
		group uint32
		next  int
	}
	stack := []frame{{group: g}}
	w.state[g] = open
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if top.next == len(w.edges[top.group]) {
			w.state[top.group] = done
			w.order = append(w.order, top.group)
			stack = stack[:len(stack)-1]
			w.path = w.path[:max(len(w.path)-1, 0)]
			continue
		}
		e := w.edges[top.group][top.next]
		top.next++
		switch w.state[e.to] {
		case unseen:
			w.path = append(w.path, step{top.group, e})
			w.state[e.to] = open
			stack = append(stack, frame{group: e.to})
		case open:
			w.cycle(step{top.group, e})
		}
	}
}

// cycle reports the cycle that last closes, naming each edge with its place.
func (w *walk) cycle(last step) {
	i := slices.IndexFunc(w.path, func(s step) bool { return s.from == last.to })
	steps := append([]step{}, w.path[max(i, 0):]...)
	if i < 0 {
		steps = nil // a group that depends on itself
	}
	steps = append(steps, last)
	code, summary := schema.Code("group-cycle"), "Groups include each other"
	var related []schema.Related
	for _, s := range steps {
		verb := "includes"
		if s.reads {
			verb, code, summary = "has a rule that reads", "rule-cycle", "Rules read each other's groups"
		}
		related = append(related, schema.Related{
			Origin:  s.origin,
			Message: fmt.Sprintf("%s %s %s", w.r.d.Groups[s.from].Key, verb, w.r.d.Groups[s.to].Key),
		})
	}
	w.r.found(schema.Diagnostic{
		Severity: schema.Error, Code: code, Summary: summary,
		Detail: fmt.Sprintf("%s depends on itself, so nobody can say who is in it. Remove one of the references below.",
			w.r.d.Groups[last.to].Key),
		Origin: last.origin, Related: related, Object: w.r.d.Groups[last.to].Key,
	})
}
