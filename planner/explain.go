package planner

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/rollcall-dev/rollcall/schema"
)

// Explanation says of one person what they have, what not, and why.
type Explanation struct {
	// Key and Login name the person; Origin is where they are declared.
	Key, Login, Status string
	Origin             schema.Origin
	Answers            []Answer
	// Stale is the person's directory, where that is older than it may be.
	Stale *Stale
}

// Answer is about one app, group or push.
type Answer struct {
	// Address is that of the app, group, or push block; App is the app's name
	// where the answer is about an app or a push to it.
	Address string
	App     string
	// Name is the group's name, at the target for a push.
	Name string
	// Holds: the person has the app, is in the group, is pushed with it.
	Holds bool
	// Reasons are the chain, from the outermost to the root cause.
	Reasons []Reason
	// EditSets are the smallest sets of edits that would change the answer: every
	// edit of a set is needed, no smaller set does, and each is enough by itself.
	// The most sensible come first. What they are made of: the status of a person
	// who is DEPROVISIONED or SUSPENDED; members, included groups and exclusions; users, groups
	// and times of assignments; and rules that are not active. That whole blocks go,
	// or people, is never offered.
	EditSets [][]Edit
	// Search says whether these are all.
	Search SearchEnd
}

// UnknownError says that a name asked for leads nowhere, or to several.
type UnknownError struct {
	// What is person, or app or group.
	What, Name string
	// Suggestion is a name that is close, or empty.
	Suggestion string
	// Several are the logins of those whom the name fits.
	Several []string
}

// Error names what was asked for, and a close name where there is one.
func (e *UnknownError) Error() string {
	if len(e.Several) > 0 {
		return strconv.Quote(e.Name) + " fits several people: " + listing(e.Several, len(e.Several))
	}
	text := "no " + e.What + " is called " + strconv.Quote(e.Name)
	if e.Suggestion != "" {
		text += "; did you mean " + strconv.Quote(e.Suggestion) + "?"
	}
	return text
}

// Explain says why, and why not, for one person: who is a login, an address, its
// label, a key or a display name; in is the address or name of an app, the address of a
// group or push, or a group's name, and empty for every app, every group that
// the person is in, and every push of those. It needs nothing but the
// configuration. The error is an [*UnknownError].
func Explain(d *Desired, who, in string) (*Explanation, error) {
	p, err := d.one(who)
	if err != nil {
		return nil, err
	}
	u := &d.People[p]
	x := explainer{d: d, p: p, in: in}
	out := &Explanation{Key: u.Key(), Login: u.Login, Status: u.Status.String(), Origin: u.Origin}
	for i := range d.Apps {
		x.app(&d.Apps[i])
	}
	for g := range d.Groups {
		x.group(uint32(g))
	}
	for i := range d.Apps {
		x.pushes(&d.Apps[i])
	}
	if in != "" && len(x.answers) == 0 {
		return nil, d.unknownPlace(in)
	}
	out.Answers = x.answers
	for _, s := range d.Stale() {
		if s.Directory == u.Directory {
			out.Stale = &s
		}
	}
	return out, nil
}

// one finds the one person whom who names.
func (d *Desired) one(who string) (Person, error) {
	found := d.people(who)
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return 0, d.unknownPerson(who)
	}
	e := &UnknownError{What: "person", Name: who}
	for _, p := range found {
		e.Several = append(e.Several, d.People[p].Login)
	}
	return 0, e
}

func (d *Desired) unknownPerson(who string) error {
	return &UnknownError{What: "person", Name: who, Suggestion: schema.Nearest(who, func(yield func(string) bool) {
		for i := range d.People {
			u := &d.People[i]
			if !yield(u.Login) || u.Address != "" && !yield(string(u.Address)) {
				return
			}
		}
	})}
}

func (d *Desired) unknownPlace(in string) error {
	return &UnknownError{What: "app or group", Name: in, Suggestion: schema.Nearest(in, func(yield func(string) bool) {
		for i := range d.Apps {
			if !yield(string(d.Apps[i].App.Address)) || !yield(d.Apps[i].App.Name) {
				return
			}
		}
		for i := range d.Groups {
			if !yield(d.Groups[i].Key) || !yield(d.Groups[i].Name) {
				return
			}
		}
	})}
}

// explainer collects answers about one person.
type explainer struct {
	d       *Desired
	p       Person
	in      string
	answers []Answer
}

// asked reports whether any of the names is what was asked for. Names of blocks
// are compared as they are, names of groups without case.
func (x *explainer) asked(names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return n == x.in || schema.Fold(n) == schema.Fold(x.in) })
}

func (x *explainer) app(s *Scope) {
	if x.in != "" && !x.asked(string(s.App.Address), s.App.Name) {
		return
	}
	a := Answer{Address: string(s.App.Address), App: s.App.Name, Name: s.App.Name, Holds: s.Has(x.d, x.p)}
	if a.Holds {
		a.Reasons = x.d.allGrants(s, x.p)
	} else {
		a.Reasons = x.whyNoApp(s)
	}
	assign := x.unassigned(s, x.pushedOnly(s))
	x.search(&a, func(q *probe) verdict { return q.app(assign) }, waysTo(x.d, s, x.p), s)
	x.answers = append(x.answers, a)
}

// allGrants is the chain of every grant that reaches p, the winning one first.
func (d *Desired) allGrants(s *Scope, p Person) []Reason {
	rs := d.assignmentReasons(s, p)
	for i := range s.grants {
		g := &s.grants[i]
		if uint32(i)+1 == s.best[p] || !d.reaches(g, p) {
			continue
		}
		a := &d.Config.Assignments[g.assignment]
		if g.direct {
			rs = append(rs, Reason{Code: "assigned-directly", Text: fmt.Sprintf("assigned by %s too", a.Address), Origin: d.grantOrigin(g)})
			continue
		}
		rs = append(rs, Reason{Code: "assigned-by-group", Text: fmt.Sprintf("%s is assigned by %s too", d.Groups[g.group].Key, a.Address), Origin: d.grantOrigin(g)})
		rs = append(rs, d.memberReasons(g.group, p)...)
	}
	return rs
}

// whyNoApp names what is missing: the status, an assignment in force, or the
// membership of each assigned group.
func (x *explainer) whyNoApp(s *Scope) []Reason {
	if s.Assigned(x.d, x.p) {
		return append([]Reason{x.d.suspended(s, x.p)}, x.d.allGrants(s, x.p)...)
	}
	rs := x.d.unassignedReasons(s, x.p, &userEntry{UserLink: &UserLink{}})
	login := x.d.People[x.p].Login
	seen := make(map[uint32]bool)
	for i := range s.grants {
		g := &s.grants[i]
		if g.direct || seen[g.group] || x.d.Groups[g.group].Has(x.p) {
			continue
		}
		seen[g.group] = true
		group := &x.d.Groups[g.group]
		rs = append(rs, Reason{
			Code: "not-in-group", Text: fmt.Sprintf("%s is assigned, and %s is not in it", group.Key, login), Origin: group.Origin,
		})
		rs = append(rs, x.whyNotIn(g.group)...)
	}
	return rs
}

// withheld says why somebody of a pushed group is not pushed.
func (x *explainer) withheld(s *Scope, g uint32) Reason {
	r := Reason{Code: "withheld", Text: "in the group, and withheld for want of an assignment: pushing a group gives nobody the app", Origin: x.d.memberOrigin(g, x.p)}
	if s.Assigned(x.d, x.p) {
		r.Text = "in the group, and withheld while the account is not active"
	}
	return r
}

// pushedOnly are the groups that hold the person and are pushed to the app.
func (x *explainer) pushedOnly(s *Scope) []uint32 {
	var groups []uint32
	for i := range s.Pushes {
		if g := s.Pushes[i].Group; x.d.Groups[g].Has(x.p) {
			groups = append(groups, g)
		}
	}
	return groups
}

// unassigned are those of groups that no assignment in force names.
func (x *explainer) unassigned(s *Scope, groups []uint32) []uint32 {
	assigned := s.assignedGroups()
	return slices.DeleteFunc(slices.Clone(groups), func(g uint32) bool { return assigned[g] })
}

// whyNotIn says of a group's rules why they do not add the person.
func (x *explainer) whyNotIn(g uint32) []Reason {
	group := &x.d.Groups[g]
	if group.Block == nil {
		return nil
	}
	var rs []Reason
	for i := range group.Block.Rules {
		rule := &group.Block.Rules[i]
		r := Reason{Code: "rule-does-not-hold", Text: fmt.Sprintf("a rule of %s does not hold for %s", group.Key, x.d.People[x.p].Login), Origin: rule.Origin}
		switch {
		case rule.Inactive:
			r = Reason{Code: "rule-inactive", Text: fmt.Sprintf("a rule of %s is not active", group.Key), Origin: rule.Origin}
		case x.d.excludes(rule, x.p):
			r = Reason{Code: "excluded-from-rule", Text: fmt.Sprintf("%s is excluded from a rule of %s", x.d.People[x.p].Login, group.Key), Origin: rule.Origin}
		}
		rs = append(rs, r)
	}
	return rs
}

func (x *explainer) group(g uint32) {
	group := &x.d.Groups[g]
	in := group.Has(x.p)
	if x.in == "" && !in || x.in != "" && !x.asked(group.Key, group.Name) {
		return
	}
	a := Answer{Address: group.Key, Name: group.Name, Holds: in}
	if in {
		a.Reasons = x.d.memberReasons(g, x.p)
	} else {
		a.Reasons = append([]Reason{x.notIn(group)}, x.whyNotIn(g)...)
	}
	x.search(&a, func(q *probe) verdict { return q.in(g) }, nil, nil)
	x.answers = append(x.answers, a)
}

// notIn says that the person is not in a group. Of a directory's group nothing
// but the directory can tell.
func (x *explainer) notIn(group *Group) Reason {
	login := x.d.People[x.p].Login
	r := Reason{Code: "not-in-group", Text: fmt.Sprintf("nothing puts %s into %s", login, group.Key), Origin: group.Origin}
	if group.from != nil {
		r.Text = fmt.Sprintf("%s alone says who is in %s, and %s is not", group.directory, group.Key, login)
	}
	return r
}

// pushes answers for every push of the app that is asked for, or that the
// person's groups have.
func (x *explainer) pushes(s *Scope) {
	for i := range s.Pushes {
		push := &s.Pushes[i]
		group := &x.d.Groups[push.Group]
		in := group.Has(x.p)
		if x.in == "" && !in || x.in != "" && !x.asked(string(push.Block), push.Name, group.Key, group.Name) {
			continue
		}
		has := s.Has(x.d, x.p)
		a := Answer{Address: string(push.Block), App: s.App.Name, Name: push.Name, Holds: in && has}
		a.Reasons = []Reason{{Code: "push-declared", Text: fmt.Sprintf("%s pushes %s to %s", push.Block, group.Key, s.App.Address), Origin: push.Origin}}
		switch {
		case a.Holds:
			a.Reasons = append(a.Reasons, x.d.memberReasons(push.Group, x.p)...)
			a.Reasons = append(a.Reasons, x.d.assignmentReasons(s, x.p)...)
		case in:
			a.Reasons = append(a.Reasons, x.withheld(s, push.Group))
			a.Reasons = append(a.Reasons, x.whyNoApp(s)...)
		default:
			a.Reasons = append(a.Reasons, x.notIn(group))
			if !has {
				a.Reasons = append(a.Reasons, x.whyNoApp(s)...)
			}
		}
		assign := x.unassigned(s, []uint32{push.Group})
		x.search(&a, func(q *probe) verdict { return allOf(q.in(push.Group), q.app(assign)) }, waysTo(x.d, s, x.p), s)
		x.answers = append(x.answers, a)
	}
}
