package planner

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// Resolve works out who must have what: it interns people, flattens groups,
// runs rules in the order of what they read, and finds what is wrong or
// surprising. The Desired is of use only where the findings hold no error.
func Resolve(cfg *schema.Config, facts Facts) (*Desired, schema.Diagnostics) {
	r := &resolver{
		cfg: cfg, facts: facts,
		d:      &Desired{Config: cfg, AsOf: facts.AsOf, now: facts.Now, capabilities: facts.Capabilities},
		filled: make(map[*schema.DirectoryGroup]*Group),
	}
	r.noteAges()
	r.internPeople()
	r.listIDs()
	r.listGroups()
	r.fillGroups()
	r.resolveApps()
	r.checkPeople()
	r.checkMoved()
	r.checkAges()
	r.checkWaivers()
	sortFindings(r.findings)
	r.d.Findings = r.findings
	return r.d, r.findings
}

// checkMoved finds moved blocks whose from is declared again: what the state
// knows can follow to one place only.
func (r *resolver) checkMoved() {
	for _, m := range r.cfg.Moved {
		_, person := r.d.personByKey(string(m.From))
		_, group := r.groupAt[string(m.From)]
		app := slices.ContainsFunc(r.cfg.Apps, func(a schema.App) bool { return a.Address == m.From })
		if !person && !group && !app {
			continue
		}
		r.found(schema.Diagnostic{
			Severity: schema.Error, Code: "conflicting-arguments", Summary: "Moved block from something that is still declared",
			Detail: fmt.Sprintf("%s is declared, so what the state knows of it cannot follow to %s. "+
				"Remove the moved block, or the declaration.", m.From, m.To),
			Origin: m.Origin, Object: string(m.From),
		})
	}
}

// resolver holds what Resolve needs only while it runs.
type resolver struct {
	cfg      *schema.Config
	facts    Facts
	d        *Desired
	findings schema.Diagnostics
	// byLogin finds people by folded login, byAddress those of blocks.
	byLogin   map[string]Person
	byAddress map[schema.Address]Person
	// rows maps the rows of each directory to people.
	rows map[schema.Address][]Person
	// groupAt finds groups by key, named by folded name.
	groupAt map[string]uint32
	named   map[string][]uint32
	// filled finds the group that has a directory's group's members already.
	filled map[*schema.DirectoryGroup]*Group
	// unread are the directories that were not given.
	unread map[schema.Address]bool
}

func (r *resolver) found(d schema.Diagnostic) { r.findings = append(r.findings, d) }

// person finds whom ref names. Where it finds nobody it says so, once for each
// place, unless the directory was not read at all.
func (r *resolver) person(ref schema.UserRef) (Person, bool) {
	var p Person
	var ok bool
	switch {
	case ref.Address != "":
		p, ok = r.byAddress[ref.Address]
	default:
		p, ok = r.byLogin[schema.Fold(ref.Login)]
		ok = ok && (ref.Directory == "" || r.d.People[p].Directory == ref.Directory)
	}
	if !ok && !r.unread[ref.Directory] {
		r.unknownPerson(ref)
	}
	return p, ok
}

func (r *resolver) unknownPerson(ref schema.UserRef) {
	name := ref.Login
	names := func(yield func(string) bool) {
		for i := range r.d.People {
			if !yield(r.d.People[i].Login) {
				return
			}
		}
	}
	if ref.Address != "" {
		name = string(ref.Address)
		names = func(yield func(string) bool) {
			for i := range r.cfg.Users {
				if !yield(string(r.cfg.Users[i].Address)) {
					return
				}
			}
		}
	}
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "unknown-reference", Summary: "Unknown user",
		Detail: fmt.Sprintf("No user is declared as %q, and no directory has one of that login. "+
			"Correct the name, or declare the user.", name),
		Origin: ref.Origin, Suggestion: schema.Nearest(name, names), Object: name,
	})
}

// group finds which group ref names.
func (r *resolver) group(ref schema.GroupRef) (uint32, bool) {
	switch {
	case ref.Address != "":
		if g, ok := r.groupAt[string(ref.Address)]; ok {
			return g, true
		}
	case ref.Directory != "":
		if g, ok := r.groupAt[directoryGroupKey(ref.Directory, ref.Name)]; ok {
			return g, true
		}
	default:
		if gs := r.named[schema.Fold(ref.Name)]; len(gs) > 0 {
			return gs[0], true
		}
	}
	if !r.unread[ref.Directory] {
		r.unknownGroup(ref)
	}
	return 0, false
}

func (r *resolver) unknownGroup(ref schema.GroupRef) {
	name := refName(ref)
	names := func(yield func(string) bool) {
		for i := range r.d.Groups {
			g := &r.d.Groups[i]
			candidate := g.Key
			if ref.Address == "" {
				candidate = g.Name
			}
			if !yield(candidate) {
				return
			}
		}
	}
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "unknown-reference", Summary: "Unknown group",
		Detail: fmt.Sprintf("No group is declared as %q, and no directory has one of that name. "+
			"Correct the name, or declare the group.", name),
		Origin: ref.Origin, Suggestion: schema.Nearest(name, names), Object: name,
	})
}

func refName(ref schema.GroupRef) string {
	if ref.Address != "" {
		return string(ref.Address)
	}
	return ref.Name
}

func directoryGroupKey(dir schema.Address, name string) string {
	return string(dir) + `.groups["` + name + `"]`
}

// listed is how many names a finding lists.
const listed = 5

// listing names the first few of n and counts the rest.
func listing(names []string, n int) string {
	names = names[:min(len(names), listed)]
	if last := len(names) - 1; n == len(names) && n > 1 {
		return strings.Join(names[:last], ", ") + " and " + names[last]
	}
	if n == len(names) {
		return strings.Join(names, "")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names, ", "), n-len(names))
}
