package planner

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// Every set of edits that is offered must do what it says: all of it is made,
// and the answer turns; a part of it is made, and the answer stays.
func TestEverySetOfEditsTurnsTheAnswerAndNoPartOfItDoes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg, facts := drawReasons(t)
		d := mustResolve(t, cfg, facts)
		p := Person(rapid.IntRange(0, len(d.People)-1).Draw(t, "who"))
		for _, place := range places(d) {
			a := answerAbout(t, d, d.People[p].Key(), place)
			if a.Holds != holdsByResolve(d, p, place) {
				t.Fatalf("%s, %s: holds is %t", d.People[p].Login, place, a.Holds)
			}
			for _, set := range a.EditSets {
				for part := range 1 << len(set) {
					turned := turns(t, cfg, facts, d, p, place, subset(set, part))
					if whole := part == 1<<len(set)-1; turned != whole {
						t.Fatalf("%s, %s (%t): of %s the part %b turns it: %t", d.People[p].Login, place, a.Holds, wording(set), part, turned)
					}
				}
			}
		}
	})
}

// No smaller set of edits turns an answer, and where none is offered none does,
// out of every set of up to two that a person could write down.
func TestNoSmallerSetOfEditsTurnsTheAnswer(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		cfg, facts := drawReasons(t)
		d := mustResolve(t, cfg, facts)
		p := Person(rapid.IntRange(0, len(d.People)-1).Draw(t, "who"))
		place := rapid.SampledFrom(places(d)).Draw(t, "where")
		a := answerAbout(t, d, d.People[p].Key(), place)
		smallest := mostEdits + 1
		if len(a.EditSets) > 0 {
			smallest = len(a.EditSets[0])
		}
		all := everyEdit(cfg, facts, d, p, a.Holds)
		for i := range all {
			for j := i; j < len(all) && (j == i && smallest > 1 || smallest > 2); j++ {
				set := all[i : i+1]
				if j > i {
					set = []Edit{all[i], all[j]}
				}
				other, otherFacts, err := Edited(cfg, facts, set)
				if err != nil {
					continue // two edits of the same
				}
				if turned(t, other, otherFacts, d, p, place) {
					t.Fatalf("%s, %s (%t): %s turns it; offered are %v, %s", d.People[p].Login, place, a.Holds, wording(set), a.EditSets, a.Search)
				}
			}
		}
	})
}

// drawReasons is a small configuration in which answers have many reasons:
// groups that include and read each other, also for those who are not in them,
// rules that exclude or are off, assignments that are over or to come, and a
// directory.
func drawReasons(t *rapid.T) (*schema.Config, Facts) {
	cfg, facts := directoryWorld(t)
	for i := range cfg.Assignments {
		switch a := &cfg.Assignments[i]; rapid.IntRange(0, 5).Draw(t, "in force") {
		case 0:
			a.Expires = asOf
		case 1:
			a.Starts = asOf.Add(time.Hour)
		}
	}
	for i := range cfg.Groups {
		g := &cfg.Groups[i]
		if g.From != nil {
			continue
		}
		if i > 0 && rapid.IntRange(0, 2).Draw(t, "reads") == 0 {
			read := cfg.Groups[rapid.IntRange(0, i-1).Draw(t, "read")].Address
			g.Rules = append(g.Rules, schema.Rule{
				Condition: memberOrNot{read, rapid.Bool().Draw(t, "not")}, Origin: origin("groups.hcl", 300+i),
			})
		}
		if rapid.IntRange(0, 4).Draw(t, "includes h") == 0 {
			g.IncludeGroups = append(g.IncludeGroups, schema.GroupRef{Address: "group.h", Origin: origin("groups.hcl", 400+i)})
		}
		for j := range g.Rules {
			g.Rules[j].Inactive = rapid.IntRange(0, 5).Draw(t, "off") == 0
			for k := range cfg.Users {
				if rapid.IntRange(0, 3).Draw(t, "excluded") == 0 {
					g.Rules[j].Exclude = append(g.Rules[j].Exclude, schema.UserRef{Address: cfg.Users[k].Address})
				}
			}
		}
	}
	return cfg, facts
}

// memberOrNot holds for those who are in a group, or for those who are not.
type memberOrNot struct {
	group schema.Address
	not   bool
}

func (c memberOrNot) Holds(_ *schema.User, memberOf func(schema.Address) bool) (bool, error) {
	return memberOf(c.group) != c.not, nil
}
func (c memberOrNot) Groups() []schema.GroupRef { return []schema.GroupRef{{Address: c.group}} }

func mustResolve(t fataler, cfg *schema.Config, facts Facts) *Desired {
	t.Helper()
	d, found := Resolve(cfg, facts)
	if found.HasErrors() {
		t.Fatalf("resolve: %v", found)
	}
	return d
}

// places are all that can be asked about.
func places(d *Desired) []string {
	var all []string
	for i := range d.Apps {
		all = append(all, string(d.Apps[i].App.Address))
		for _, p := range d.Apps[i].Pushes {
			all = append(all, string(p.Block))
		}
	}
	for i := range d.Groups {
		all = append(all, d.Groups[i].Key)
	}
	return all
}

func answerAbout(t *rapid.T, d *Desired, who, place string) Answer {
	t.Helper()
	x, err := Explain(d, who, place)
	if err != nil {
		t.Fatalf("explain: %v", err)
	}
	i := slices.IndexFunc(x.Answers, func(a Answer) bool { return a.Address == place })
	if i < 0 {
		t.Fatalf("no answer about %s", place)
	}
	return x.Answers[i]
}

// holdsByResolve says what Resolve makes of it, without a word of explain.
func holdsByResolve(d *Desired, p Person, place string) bool {
	for i := range d.Groups {
		if d.Groups[i].Key == place {
			return slices.Contains(d.Groups[i].Members, p)
		}
	}
	for i := range d.Apps {
		s := &d.Apps[i]
		if string(s.App.Address) == place {
			return inEffect(d, s, p)
		}
		for _, push := range s.Pushes {
			if string(push.Block) == place {
				return inEffect(d, s, p) && slices.Contains(d.Groups[push.Group].Members, p)
			}
		}
	}
	return false
}

// inEffect: the person is assigned, and being SUSPENDED takes no account away.
func inEffect(d *Desired, s *Scope, p Person) bool {
	return s.Assigned(d, p) && (d.People[p].Status != schema.Suspended || s.App.OnSuspended != schema.SuspendedDeactivate)
}

// turns makes edits for real, and says whether the answer is another one then.
func turns(t *rapid.T, cfg *schema.Config, facts Facts, d *Desired, p Person, place string, edits []Edit) bool {
	t.Helper()
	other, otherFacts, err := Edited(cfg, facts, edits)
	if err != nil {
		t.Fatalf("%s: %v", wording(edits), err)
	}
	return turned(t, other, otherFacts, d, p, place)
}

// turned says whether the answer is another one in what was edited.
func turned(t *rapid.T, other *schema.Config, otherFacts Facts, d *Desired, p Person, place string) bool {
	t.Helper()
	after := mustResolve(t, other, otherFacts)
	q, _ := after.personByLogin(d.People[p].Login)
	return holdsByResolve(after, q, place) != holdsByResolve(d, p, place)
}

func subset(set []Edit, part int) []Edit {
	var some []Edit
	for i := range set {
		if part>>i&1 == 1 {
			some = append(some, set[i])
		}
	}
	return some
}

func wording(set []Edit) string {
	text := ""
	for i := range set {
		text += "[" + set[i].String() + "] "
	}
	return text
}

// everyEdit lists every edit of the kinds that explain says it offers, from the
// configuration alone.
func everyEdit(cfg *schema.Config, facts Facts, d *Desired, p Person, holds bool) []Edit {
	u := &d.People[p]
	who := u.Login
	var all []Edit
	add := func(op EditOp, address schema.Address, argument string, value any) {
		e := Edit{Op: op, Address: string(address), Argument: argument, Value: value}
		if _, _, err := Edited(cfg, facts, []Edit{e}); err == nil {
			all = append(all, e)
		}
	}
	either := func(address schema.Address, argument string, value any) {
		add(EditRemove, address, argument, value)
		add(EditAdd, address, argument, value)
	}
	for i := range cfg.Groups {
		g := &cfg.Groups[i]
		either(g.Address, "members", who)
		for _, ref := range g.IncludeGroups {
			add(EditRemove, g.Address, "include_groups", ref)
		}
		for j := range g.Rules {
			either(g.Address, fmt.Sprintf("rule[%d].exclude", j), who)
			if g.Rules[j].Inactive {
				add(EditSet, g.Address, fmt.Sprintf("rule[%d].active", j), true)
			}
		}
	}
	for _, dir := range facts.Directories {
		for i := range dir.Groups {
			either(schema.Address(directoryGroupKey(dir.Address, dir.Groups[i].Name)), "members", who)
		}
	}
	for i := range cfg.Assignments {
		a := &cfg.Assignments[i]
		either(a.Address, "users", who)
		for _, ref := range a.Groups {
			add(EditRemove, a.Address, "groups", ref)
		}
		for j := range cfg.Groups {
			add(EditAdd, a.Address, "groups", string(cfg.Groups[j].Address))
		}
		if !holds && !inForce(a, asOf) {
			add(EditRemove, a.Address, "expires", nil)
			add(EditRemove, a.Address, "starts", nil)
		}
	}
	for i := range cfg.Apps {
		if !holds {
			add(EditAdd, cfg.Apps[i].Address, "", who)
		}
	}
	if u.Status == schema.Deprovisioned || u.Status == schema.Suspended {
		add(EditSet, schema.Address(u.Key()), "status", schema.Active)
	}
	return all
}
