package planner

import (
	"fmt"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// assignmentReasons is the chain by which p has the app: the assignment, and
// for a group's how p came into the group.
func (d *Desired) assignmentReasons(s *Scope, p Person) []Reason {
	if s.best[p] == 0 {
		return nil
	}
	return d.grantReasons(&s.grants[s.best[p]-1], p)
}

// grantReasons is the chain by which one grant reaches p.
func (d *Desired) grantReasons(g *grant, p Person) []Reason {
	a := &d.Config.Assignments[g.assignment]
	if g.direct {
		return []Reason{{Code: "assigned-directly", Text: "assigned by " + withReason(a), Origin: d.grantOrigin(g)}}
	}
	group := &d.Groups[g.group]
	rs := []Reason{{
		Code: "assigned-by-group", Text: fmt.Sprintf("%s is assigned by %s", group.Key, withReason(a)), Origin: d.grantOrigin(g),
	}}
	return append(rs, d.memberReasons(g.group, p)...)
}

// withReason names an assignment, with the reason that its author gave.
func withReason(a *schema.Assignment) string {
	if a.Reason == "" {
		return string(a.Address)
	}
	return string(a.Address) + ": " + strings.TrimSuffix(strings.TrimSpace(a.Reason), ".")
}

// memberReasons is the chain by which p is in group g, down to the member, rule
// or directory that it begins with.
func (d *Desired) memberReasons(g uint32, p Person) []Reason {
	var rs []Reason
	login := d.People[p].Login
	for {
		group := &d.Groups[g]
		v, ok := group.viaOf(p)
		if !ok {
			return rs
		}
		switch v.kind() {
		case viaDirectory:
			return append(rs, Reason{Code: "in-directory-group", Text: fmt.Sprintf("%s is in %s of the directory", login, group.from.Name), Origin: group.originOf(v)})
		case viaMember:
			return append(rs, Reason{Code: "member-of-group", Text: fmt.Sprintf("%s is a member of %s", login, group.Key), Origin: group.originOf(v)})
		case viaRule:
			return append(rs, Reason{Code: "matched-by-rule", Text: fmt.Sprintf("a rule of %s holds for %s", group.Key, login), Origin: group.originOf(v)})
		}
		included := group.includes[v.index()]
		rs = append(rs, Reason{
			Code: "included-in-group", Text: fmt.Sprintf("%s includes %s", group.Key, d.Groups[included].Key),
			Origin: group.originOf(v),
		})
		g = included
	}
}

// unassignedReasons says why p does not have the app.
func (d *Desired) unassignedReasons(s *Scope, p Person, e *userEntry) []Reason {
	u := &d.People[p]
	if u.Status == schema.Deprovisioned {
		return []Reason{{Code: "deprovisioned", Text: fmt.Sprintf("%s is DEPROVISIONED", u.Login), Origin: u.Origin}}
	}
	rs := []Reason{{Code: "no-assignment", Text: fmt.Sprintf("no assignment reaches %s", u.Login), Origin: originOr(u.Origin, e.Origin)}}
	for i := range d.Config.Assignments {
		a := &d.Config.Assignments[i]
		if a.App == s.App.Address && !inForce(a, d.AsOf) && d.names(a, p) {
			rs = append(rs, outOfForce(a, d))
		}
	}
	return rs
}

// suspended says that the app takes p's account away for being SUSPENDED.
func (d *Desired) suspended(s *Scope, p Person) Reason {
	u := &d.People[p]
	return Reason{Code: "suspended", Text: fmt.Sprintf("%s is SUSPENDED, and %s deactivates such accounts", u.Login, s.App.Address), Origin: u.Origin}
}

func outOfForce(a *schema.Assignment, d *Desired) Reason {
	if d.AsOf.Before(a.Starts) {
		return Reason{Code: "assignment-not-started", Text: fmt.Sprintf("%s starts at %s", a.Address, a.Starts.UTC().Format(time.RFC3339)), Origin: a.Origin}
	}
	return Reason{Code: "assignment-expired", Text: fmt.Sprintf("%s expired at %s", a.Address, a.Expires.UTC().Format(time.RFC3339)), Origin: a.Origin}
}

// names reports whether a names p, directly or through a group.
func (d *Desired) names(a *schema.Assignment, p Person) bool {
	for i := range a.Users {
		if q, ok := d.person(a.Users[i]); ok && q == p {
			return true
		}
	}
	for i := range a.Groups {
		if g, ok := d.group(a.Groups[i]); ok && d.Groups[g].Has(p) {
			return true
		}
	}
	return false
}

// keyReason says why a link has another key from now on; at is where the person
// stands today.
func keyReason(e *userEntry, at schema.Origin) Reason {
	switch {
	case e.recovered:
		return Reason{Code: "created-earlier", Text: "an earlier apply created the account and got no answer", Origin: at}
	case e.moved == nil:
		return Reason{Code: "declared-anew", Text: "the block was renamed; the person and the account are the same", Origin: at}
	}
	return movedReason(e.moved)
}

func movedReason(m *schema.Moved) Reason {
	return Reason{Code: "moved", Text: fmt.Sprintf("moved from %s to %s", m.From, m.To), Origin: m.Origin}
}

// presentReasons says what is done to an account that is there.
func (c *comparison) presentReasons(p Person, a Action, account *RemoteUser, e *userEntry, d *userDiff) []Reason {
	u := &c.d.People[p]
	var rs []Reason
	switch {
	case a == AdoptIt && e != nil && e.declared != nil:
		rs = append(rs, Reason{Code: "adopt-declared", Text: "an adopt block names the account", Origin: e.declared.Origin})
	case a == AdoptIt && e != nil && e.recovered:
		rs = append(rs, keyReason(e, u.Origin))
	case a == AdoptIt:
		rs = append(rs, Reason{Code: c.matched[p], Text: fmt.Sprintf("the account %q fits", account.UserName), Origin: u.Origin})
	case e.UserLink.Key != u.Key():
		rs = append(rs, keyReason(e, u.Origin))
	}
	if !account.Active {
		rs = append(rs, Reason{Code: "inactive-at-target", Text: "assigned, and inactive at the target", Origin: u.Origin})
	}
	if d.renamed {
		rs = append(rs, Reason{Code: "user-name-differs", Text: "called otherwise at the target", Origin: u.Origin})
	}
	if len(d.after) > 0 && d.drift {
		rs = append(rs, Reason{Code: "changed-outside", Text: "changed at the target since the last apply", Origin: u.Origin})
	} else if len(d.after) > 0 {
		rs = append(rs, Reason{Code: "attributes-differ", Text: "the target has other values than are declared", Origin: u.Origin})
	}
	if len(rs) == 0 && e != nil && e.Source != c.s.Source(p) {
		rs = append(rs, Reason{Code: "source-changed", Text: fmt.Sprintf("assigned by %s now, by %s before", orNone(c.s.Source(p)), orNone(e.Source)), Origin: u.Origin})
	}
	return rs
}

func orNone(s Source) string {
	if s == SourceNone {
		return "none"
	}
	return string(s)
}
