package planner

import (
	"regexp"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// Every edit that is offered must do what it says: it is made, and the answer
// must turn.
func TestEveryEditThatIsOfferedTurnsTheAnswer(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		lapse(t, w.cfg)
		d := w.input(t, w.cfg, w.in.State, remoteOf(w.in)).Desired
		for p := range d.People {
			for _, a := range answers(t, d, d.People[p].Key()) {
				for _, e := range a.Edits {
					other := w.input(t, edited(t, w.cfg, e), w.in.State, remoteOf(w.in)).Desired
					if after := answers(t, other, d.People[p].Key())[a.Address]; after.Holds == a.Holds {
						t.Fatalf("%s, %s: %+v changes nothing", d.People[p].Login, a.Address, e)
					}
				}
			}
		}
	})
}

// lapse lets some assignments be over, some not have begun, and some rules
// exclude people.
func lapse(t *rapid.T, cfg *schema.Config) {
	for i := range cfg.Assignments {
		switch a := &cfg.Assignments[i]; rapid.IntRange(0, 5).Draw(t, "in force") {
		case 0:
			a.Expires = asOf
		case 1:
			a.Starts = asOf.Add(time.Hour)
		}
	}
	for i := range cfg.Groups {
		for j := range cfg.Groups[i].Rules {
			for k := range cfg.Users {
				if rapid.Bool().Draw(t, "excluded") {
					rule := &cfg.Groups[i].Rules[j]
					rule.Exclude = append(rule.Exclude, schema.UserRef{Address: cfg.Users[k].Address, Origin: rule.Origin})
				}
			}
		}
	}
}

// answers are all answers about a person, by address. What is not answered
// does not hold.
func answers(t *rapid.T, d *Desired, who string) map[string]Answer {
	x, err := Explain(d, who, "")
	if err != nil {
		t.Fatalf("explain: %v", err)
	}
	byAddress := make(map[string]Answer)
	for _, a := range x.Answers {
		byAddress[a.Address] = a
	}
	return byAddress
}

// edited carries an edit out, as an administrator would.
func edited(t *rapid.T, cfg *schema.Config, e Edit) *schema.Config {
	out := *cfg
	out.Groups, out.Assignments, out.Users = slices.Clone(cfg.Groups), slices.Clone(cfg.Assignments), slices.Clone(cfg.Users)
	if e.Op == "declare" {
		out.Assignments = append(out.Assignments, pasted(t, e.Value))
		return &out
	}
	for i := range out.Groups {
		if g := &out.Groups[i]; string(g.Address) == e.Address {
			editGroup(g, e)
		}
	}
	for i := range out.Assignments {
		if a := &out.Assignments[i]; string(a.Address) == e.Address {
			editAssignment(a, e)
		}
	}
	for i := range out.Users {
		if u := &out.Users[i]; string(u.Address) == e.Address && e.Value == `"ACTIVE"` {
			u.Status = schema.Active
		}
	}
	return &out
}

func editGroup(g *schema.Group, e Edit) {
	user := schema.UserRef{Address: schema.Address(e.Value)}
	g.Rules = slices.Clone(g.Rules)
	for i := range g.Rules {
		rule := &g.Rules[i]
		switch {
		case e.Argument != "rule.exclude" || rule.Origin != e.Origin:
		case e.Op == "add":
			rule.Exclude = append(slices.Clone(rule.Exclude), user)
		default:
			rule.Exclude = slices.DeleteFunc(slices.Clone(rule.Exclude), func(r schema.UserRef) bool { return r.Address == user.Address })
		}
	}
	switch {
	case e.Argument == "members" && e.Op == "add":
		g.Members = append(slices.Clone(g.Members), user)
	case e.Op == "remove":
		g.Members, g.IncludeGroups = dropRef(g.Members, e.Origin), dropGroup(g.IncludeGroups, e.Origin)
	}
}

func editAssignment(a *schema.Assignment, e Edit) {
	switch {
	case e.Argument == "starts":
		a.Starts = asOf
	case e.Argument == "expires":
		a.Expires = asOf.Add(time.Second)
	case e.Op == "add" && e.Argument == "users":
		a.Users = append(slices.Clone(a.Users), schema.UserRef{Address: schema.Address(e.Value)})
	case e.Op == "add":
		a.Groups = append(slices.Clone(a.Groups), schema.GroupRef{Address: schema.Address(e.Value)})
	default:
		a.Users, a.Groups = dropRef(a.Users, e.Origin), dropGroup(a.Groups, e.Origin)
	}
}

// pasted reads the one form in which explain writes assignments.
func pasted(t *rapid.T, block string) schema.Assignment {
	m := regexp.MustCompile(`^assignment "([a-z][a-z0-9_-]*)" {\n  app += app\.x\n  (users|groups) = \[([a-z0-9_.]+)\]\n}$`).FindStringSubmatch(block)
	if m == nil {
		t.Fatalf("not an assignment to paste:\n%s", block)
	}
	a := schema.Assignment{Address: schema.Address("assignment." + m[1]), App: "app.x", Priority: schema.DefaultPriority}
	if m[2] == "users" {
		a.Users = []schema.UserRef{{Address: schema.Address(m[3])}}
	} else {
		a.Groups = []schema.GroupRef{{Address: schema.Address(m[3])}}
	}
	return a
}

func dropRef(refs []schema.UserRef, at schema.Origin) (out []schema.UserRef) {
	for _, r := range refs {
		if r.Origin != at {
			out = append(out, r)
		}
	}
	return out
}

func dropGroup(refs []schema.GroupRef, at schema.Origin) (out []schema.GroupRef) {
	for _, r := range refs {
		if r.Origin != at {
			out = append(out, r)
		}
	}
	return out
}
