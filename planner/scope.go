package planner

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// Assigned reports whether p has the app: an assignment in force names p or a
// group that holds p, and p is not DEPROVISIONED.
func (s *Scope) Assigned(d *Desired, p Person) bool {
	return s.best[p] != 0 && d.People[p].Status != schema.Deprovisioned
}

// Has reports whether p has the app: is assigned, and is not SUSPENDED where
// the app deactivates the accounts of those who are.
func (s *Scope) Has(d *Desired, p Person) bool {
	return s.Assigned(d, p) && !s.suspends(&d.People[p])
}

// suspends reports whether the app takes u's account away for being SUSPENDED.
func (s *Scope) suspends(u *schema.User) bool {
	return u.Status == schema.Suspended && s.App.OnSuspended == schema.SuspendedDeactivate
}

// Source says how the app reaches p. A direct assignment wins (OKTA-4).
func (s *Scope) Source(p Person) Source {
	switch i := s.best[p]; {
	case i == 0:
		return SourceNone
	case s.grants[i-1].direct:
		return SourceUser
	default:
		return SourceGroup
	}
}

// inForce reports whether a is in force at t: starts ≤ t < expires.
func inForce(a *schema.Assignment, t time.Time) bool {
	return !t.Before(a.Starts) && (a.Expires.IsZero() || t.Before(a.Expires))
}

// resolveApps works out for each app who has it and what is pushed to it.
func (r *resolver) resolveApps() {
	r.checkAssignments()
	pushed := make(map[schema.Address]map[string]*Push)
	for i := range r.cfg.Apps {
		app := &r.cfg.Apps[i]
		s := Scope{App: app}
		r.checkApp(app)
		r.grantAll(&s)
		r.resolveUserNames(&s)
		if pushed[app.Target] == nil {
			pushed[app.Target] = make(map[string]*Push)
		}
		r.resolvePushes(&s, pushed[app.Target])
		r.reportScope(&s)
		r.d.Apps = append(r.d.Apps, s)
	}
}

// checkAssignments finds assignments and pushes to apps that are not there.
func (r *resolver) checkAssignments() {
	apps := make(map[schema.Address]bool)
	for i := range r.cfg.Apps {
		apps[r.cfg.Apps[i].Address] = true
	}
	check := func(app, block schema.Address, origin schema.Origin) {
		if !apps[app] {
			r.unknownApp(app, block, origin)
		}
	}
	for i := range r.cfg.Assignments {
		a := &r.cfg.Assignments[i]
		check(a.App, a.Address, a.Origin)
		r.checkProfile(a)
	}
	for i := range r.cfg.PushGroups {
		check(r.cfg.PushGroups[i].App, r.cfg.PushGroups[i].Address, r.cfg.PushGroups[i].Origin)
	}
	for i := range r.cfg.PushRules {
		check(r.cfg.PushRules[i].App, r.cfg.PushRules[i].Address, r.cfg.PushRules[i].Origin)
	}
}

func (r *resolver) unknownApp(app, block schema.Address, origin schema.Origin) {
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "unknown-reference", Summary: "Unknown app",
		Detail: fmt.Sprintf("%s names the app %q, which is not declared. Correct the name, or declare the app.", block, app),
		Origin: origin, Object: string(block),
		Suggestion: schema.Nearest(string(app), func(yield func(string) bool) {
			for i := range r.cfg.Apps {
				if !yield(string(r.cfg.Apps[i].Address)) {
					return
				}
			}
		}),
	})
}

// checkProfile refuses profile values for what has an argument of its own.
func (r *resolver) checkProfile(a *schema.Assignment) {
	for _, v := range a.Profile {
		if v.Path == pathUserName || v.Path == pathExternalID || v.Path == pathActive {
			r.found(schema.Diagnostic{
				Severity: schema.Error, Code: "unsupported-feature", Summary: "Attribute that a profile cannot set",
				Detail: fmt.Sprintf("The profile of %s sets %s, which follows from the person and the app alone. "+
					"Set username on the app, or id and status on the person.", a.Address, v.Path),
				Origin: a.Origin, Object: string(a.Address),
			})
		}
	}
}

// grantAll lists all grants of the app in the order in which they win, and
// gives each person their best.
func (r *resolver) grantAll(s *Scope) {
	for i := range r.cfg.Assignments {
		a := &r.cfg.Assignments[i]
		if a.App == s.App.Address {
			r.listGrants(s, uint32(i), a)
		}
	}
	as := r.cfg.Assignments
	slices.SortStableFunc(s.grants, func(a, b grant) int {
		if a.direct != b.direct {
			return sign(a.direct)
		}
		return cmp.Compare(as[a.assignment].Priority, as[b.assignment].Priority)
	})
	n := len(r.d.People)
	s.best, s.byGroup = make([]uint32, n), make([]uint32, n)
	t := ties{r: r, s: s, merged: make(map[[2]uint32]uint32)}
	for i := range s.grants {
		g := &s.grants[i]
		if g.direct {
			t.give(uint32(i), g.person)
			continue
		}
		for _, p := range r.d.Groups[g.group].Members {
			t.give(uint32(i), p)
		}
	}
}

// sign orders what is true before what is false.
func sign(first bool) int {
	if first {
		return -1
	}
	return 1
}

func (r *resolver) listGrants(s *Scope, index uint32, a *schema.Assignment) {
	force := inForce(a, r.d.AsOf)
	for i := range a.Users {
		if p, ok := r.person(a.Users[i]); ok && force {
			s.grants = append(s.grants, grant{assignment: index, ref: uint32(i), direct: true, person: p})
		}
	}
	for i := range a.Groups {
		if g, ok := r.group(a.Groups[i]); ok && force {
			s.grants = append(s.grants, grant{assignment: index, ref: uint32(i), group: g})
		}
	}
}

// ties gives grants out in the order in which they win, merges the profiles of
// those that rank alike, and reports where they contradict each other.
type ties struct {
	r      *resolver
	s      *Scope
	merged map[[2]uint32]uint32
}

func (t *ties) give(i uint32, p Person) {
	s, g := t.s, &t.s.grants[i]
	profile := t.r.cfg.Assignments[g.assignment].Profile
	if !g.direct && s.byGroup[p] == 0 {
		s.byGroup[p] = i + 1
	}
	switch {
	case s.best[p] == 0:
		s.best[p] = i + 1
	case len(profile) == 0 || !t.alike(&s.grants[s.best[p]-1], g):
		return
	}
	if len(profile) > 0 {
		t.merge(i, p, profile)
	}
}

// alike reports whether a and b rank the same.
func (t *ties) alike(a, b *grant) bool {
	as := t.r.cfg.Assignments
	return a.direct == b.direct && as[a.assignment].Priority == as[b.assignment].Priority
}

// merge adds the profile of grant i to what p has already.
func (t *ties) merge(i uint32, p Person, profile []schema.Value) {
	s := t.s
	if s.profile == nil {
		s.profile, s.profiles = make([]uint32, len(t.r.d.People)), [][]schema.Value{nil}
	}
	key := [2]uint32{s.profile[p], s.grants[i].assignment}
	id, known := t.merged[key]
	if !known {
		id = uint32(len(s.profiles))
		s.profiles = append(s.profiles, t.union(s.profiles[key[0]], profile, i, p))
		t.merged[key] = id
	}
	s.profile[p] = id
}

func (t *ties) union(have, more []schema.Value, i uint32, p Person) []schema.Value {
	out := slices.Clone(have)
	for _, v := range more {
		at, ok := slices.BinarySearchFunc(out, v.Path, func(v schema.Value, path string) int { return cmp.Compare(v.Path, path) })
		switch {
		case !ok:
			out = slices.Insert(out, at, v)
		case !reflect.DeepEqual(out[at].Value, v.Value):
			t.report(i, p, v.Path)
		}
	}
	return out
}

func (t *ties) report(i uint32, p Person, path string) {
	as := t.r.cfg.Assignments
	first, second := &as[t.s.grants[t.s.best[p]-1].assignment], &as[t.s.grants[i].assignment]
	t.r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "priority-tie", Summary: "Two assignments of one priority disagree",
		Detail: fmt.Sprintf("%s and %s both have priority %d and give %s different values of %s. "+
			"Give one of them a smaller priority: the smaller wins.",
			first.Address, second.Address, second.Priority, t.r.d.People[p].Login, path),
		Origin: second.Origin, App: t.s.App.Name, Object: string(second.Address),
		Related: []schema.Related{{Origin: first.Origin, Message: "the other assignment"}},
	})
}

// resolveUserNames fills in the names that an app's expression gives, and finds
// two people with one. Without an expression the name is the login, which is
// unique already.
func (r *resolver) resolveUserNames(s *Scope) {
	if s.App.UserName == nil {
		return
	}
	s.userNames = make([]string, len(r.d.People))
	taken := make(map[string]Person)
	for p := range r.d.People {
		if s.best[p] == 0 {
			continue
		}
		u := &r.d.People[p]
		value, err := s.App.UserName.Value(u)
		name, ok := value.(string)
		if err != nil || !ok || strings.TrimSpace(name) == "" {
			r.badUserName(s.App, u, value, err)
			continue
		}
		s.userNames[p] = name
		if !s.Assigned(r.d, Person(p)) {
			continue
		}
		folded := schema.Fold(name)
		if first, dup := taken[folded]; dup {
			r.duplicateUserName(s.App, &r.d.People[first], u, name)
			continue
		}
		taken[folded] = Person(p)
	}
}

func (r *resolver) badUserName(app *schema.App, u *schema.User, value any, err error) {
	why := fmt.Sprintf("gives %v, which is no name", value)
	switch {
	case err != nil:
		why = "fails: " + err.Error()
	case value == nil:
		why = "gives null"
	}
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "invalid-value", Summary: "No user name",
		Detail: fmt.Sprintf("The username of %s %s for %s. Every assigned person needs a name at the target.", app.Address, why, u.Login),
		Origin: u.Origin, App: app.Name, Object: u.Key(),
		Related: []schema.Related{{Origin: app.Origin, Message: "the app's username"}},
	})
}

func (r *resolver) duplicateUserName(app *schema.App, first, second *schema.User, name string) {
	r.found(schema.Diagnostic{
		Severity: schema.Error, Code: "duplicate-user-name", Summary: "Two people with one user name",
		Detail: fmt.Sprintf("%s and %s would both be called %q at %s; names are compared without case. "+
			"Change username, or one of the people.", first.Login, second.Login, name, app.Address),
		Origin: second.Origin, App: app.Name, Object: second.Key(),
		Related: []schema.Related{{Origin: first.Origin, Message: "the other person is declared here"}},
	})
}

// userName is what p is called at the app's target.
func (s *Scope) userName(d *Desired, p Person) string {
	if s.userNames != nil {
		return s.userNames[p]
	}
	return d.People[p].Login
}

// sortFindings puts findings into an order that follows from them alone.
func sortFindings(ds schema.Diagnostics) {
	sort.SliceStable(ds, func(i, j int) bool { return compareFindings(&ds[i], &ds[j]) < 0 })
}

func compareFindings(a, b *schema.Diagnostic) int {
	return cmp.Or(
		cmp.Compare(severityRank[a.Severity], severityRank[b.Severity]),
		cmp.Compare(a.Origin.File, b.Origin.File),
		cmp.Compare(a.Origin.Line, b.Origin.Line),
		cmp.Compare(a.Origin.Column, b.Origin.Column),
		cmp.Compare(a.Code, b.Code),
		cmp.Compare(a.App, b.App),
		cmp.Compare(a.Object, b.Object),
		cmp.Compare(a.Detail, b.Detail),
	)
}

var severityRank = map[schema.Severity]int{schema.Error: 0, schema.Guarded: 1, schema.Warning: 2, schema.Info: 3}
