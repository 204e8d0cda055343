package planner

import (
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
					cfg, _, err := Edited(w.cfg, Facts{}, []Edit{e})
					if err != nil {
						t.Fatal(err)
					}
					other := w.input(t, cfg, w.in.State, remoteOf(w.in)).Desired
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
