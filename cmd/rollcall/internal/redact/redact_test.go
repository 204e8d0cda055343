package redact

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

var key = []byte("correct-horse-battery-staple")

func TestPseudonymsAreOfTheKeyAndTheLogin(t *testing.T) {
	t.Parallel()
	r := New(key)
	if a, b := r.Pseudonym("Bob@Acme.com"), New(key).Pseudonym("bob@acme.com"); a != b {
		t.Errorf("the same person is %s and %s", a, b)
	}
	if a, b := r.Pseudonym("bob"), r.Pseudonym("alice"); a == b {
		t.Errorf("two people are both %s", a)
	}
	if a, b := r.Pseudonym("bob"), New(append(key, 'x')).Pseudonym("bob"); a == b {
		t.Errorf("under two keys bob is %s", a)
	}
	if a, b := New(nil).Pseudonym("bob"), New(nil).Pseudonym("bob"); a == b {
		t.Errorf("in two runs without a key bob is %s", a)
	}
}

// someone is a person of a generated plan.
type someone struct{ login, label, given, family, display, id string }

func (p someone) key() string {
	if p.id != "" {
		return `directory.okta.main.users["` + p.id + `"]`
	}
	return "user." + p.label
}

// names are all that may appear nowhere afterwards.
func (p someone) names() []string {
	all := []string{p.login, p.given, p.family, p.display}
	if p.id != "" {
		return append(all, p.id)
	}
	return append(all, p.label)
}

// drawPeople draws people with distinct names. Every name has a syllable that
// no word of ours has.
func drawPeople(t *rapid.T) []someone {
	forms := []string{"%s", "%s@acme.com", "%s.x@acme.com", "%s O'Neil", "Zoë %s", "日%s本", "acme\\%s", "%s|`x", "-%s-", "(%s)", "@%s", "ADMIN %s", `%s"q`, "%s\n/close"}
	people := make([]someone, rapid.IntRange(1, 5).Draw(t, "people"))
	for i := range people {
		form := func(what string) string {
			return fmt.Sprintf(rapid.SampledFrom(forms).Draw(t, what), fmt.Sprintf("Zq%s%d", what, i))
		}
		people[i] = someone{login: form("login"), label: fmt.Sprintf("zqlabel%d", i), given: form("given"), family: form("family"), display: form("display")}
		if rapid.Bool().Draw(t, "from directory") {
			people[i].id = fmt.Sprintf("00zqid%d", i)
			people[i].label = people[i].id
		}
	}
	return people
}

// drawPlan draws a plan about people, with texts as the planner writes them.
func drawPlan(t *rapid.T, people []someone) *planner.Plan {
	one := func() someone { return rapid.SampledFrom(people).Draw(t, "person") }
	text := func() string {
		form := rapid.SampledFrom([]string{"%s is in group.staff", "no assignment reaches %s", "the account %q fits", "moved from %s to user.x", "(%s)", "%s", "%s,%s"}).Draw(t, "text")
		p := one()
		name := rapid.SampledFrom(append(p.names(), strings.ToUpper(p.login))).Draw(t, "name")
		return fmt.Sprintf(strings.Replace(form, "%s,%s", "%[1]s and %[1]s", 1), name)
	}
	origin := func() schema.Origin {
		return schema.Origin{File: rapid.SampledFrom([]string{"main.hcl", "people/%s.hcl"}).Draw(t, "file"), Line: 3}
	}
	at := func() schema.Origin {
		o := origin()
		o.File = strings.Replace(o.File, "%s", one().label, 1)
		return o
	}
	reasons := func() []planner.Reason {
		return []planner.Reason{{Code: "x", Text: text(), Origin: at()}, {Code: "assigned-directly", Text: "assigned by assignment.a: because somebody likes Zqunknown", Origin: at()}}
	}
	p := &planner.Plan{AsOf: time.Unix(0, 0), Complete: true, Fingerprint: "rc1:00", Inputs: planner.Inputs{Only: schema.Address(one().key()), Given: []schema.GivenValue{{Name: "who", Value: `"Zqunknown"`}}}}
	for _, q := range people {
		values := []schema.Value{{Path: "active", Value: true}, {Path: "displayName", Value: q.display}, {Path: "name.familyName", Value: q.family},
			{Path: "name.givenName", Value: q.given}, {Path: "title", Value: "of Zqunknown"}, {Path: "x", Value: []any{"Zqunknown"}}}
		p.Changes = append(p.Changes, planner.Change{ID: "vpn/user/" + q.key() + "/update", App: "vpn", Kind: planner.KindUser, Key: q.key(), Name: q.login, RemoteID: "zqremote",
			Action: planner.Update, Before: values, After: values, Reasons: reasons(), Link: planner.Link{Known: values, Name: q.login, From: q.key(), Origin: at()}})
	}
	member := func() planner.Member {
		q := one()
		return planner.Member{Name: q.login, Key: q.key(), RemoteID: "zqremote", Change: "vpn/user/" + q.key()}
	}
	p.Changes = append(p.Changes, planner.Change{App: "vpn", Kind: planner.KindGroup, Key: "group.staff", Name: "Staff", Needs: []string{"vpn/user/" + one().key()}, Reasons: reasons(),
		After: []schema.Value{{Path: "displayName", Value: "Staff"}}, Members: planner.MemberChanges{Add: []planner.Member{member()}, Remove: []planner.Member{member()}}})
	q := one()
	p.Drift = []planner.Drift{{App: "vpn", Kind: planner.KindUser, Key: q.key(), Name: q.login, After: []schema.Value{{Path: "nickName", Value: "Zqunknown"}}, Members: planner.MemberChanges{Add: []planner.Member{{Name: "zqstranger@x.com"}}}}}
	p.Withheld = []planner.Withheld{{App: "vpn", Group: "Staff", Login: one().login, Missing: "assigned", Origin: at()}}
	p.Held = []planner.Held{{App: "vpn", Kind: planner.KindUser, Key: q.key(), Name: q.login, Code: "conflict"}}
	p.Findings = schema.Diagnostics{{Severity: schema.Warning, Code: "c", Summary: text(), Detail: "about Zqunknown", Suggestion: "ask Zqunknown", Object: q.key(), Origin: at(),
		Related: []schema.Related{{Message: "Zqunknown", Origin: at()}}}}
	p.Policies = []planner.PolicyResult{{Address: schema.Address("policy." + q.label), Severity: schema.Error, Messages: []string{"Zqunknown is on call"}, Origin: at()}}
	p.Guards = []planner.GuardResult{{App: "vpn", Code: "max-removals", Waiver: schema.Address("waiver." + q.label), Reason: "Zqunknown leaves", Origin: at()}}
	return p
}

// texts are all strings in v.
func texts(v reflect.Value) []string {
	switch v.Kind() {
	case reflect.String:
		return []string{v.String()}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return texts(v.Elem())
	case reflect.Struct:
		var all []string
		if _, ok := v.Interface().(time.Time); ok {
			return nil
		}
		for i := range v.NumField() {
			all = append(all, texts(v.Field(i))...)
		}
		return all
	case reflect.Slice, reflect.Map:
		var all []string
		if v.Kind() == reflect.Slice {
			for i := range v.Len() {
				all = append(all, texts(v.Index(i))...)
			}
			return all
		}
		for _, k := range v.MapKeys() {
			all = append(all, append(texts(k), texts(v.MapIndex(k))...)...)
		}
		return all
	}
	return nil
}

// leak finds the syllable that is in every name, and in no word of ours.
var leak = regexp.MustCompile(`(?i)zq`)

func TestNothingOfAPersonIsLeftInAPlan(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		people := drawPeople(t)
		p := drawPlan(t, people)
		got := New(key).Plan(p)
		for _, s := range texts(reflect.ValueOf(got)) {
			if leak.MatchString(s) {
				t.Fatalf("%q is left of %+v", s, people)
			}
		}
		group := got.Changes[len(people)]
		if group.Name != "Staff" || group.App != "vpn" || got.Changes[0].Action != planner.Update || got.Changes[0].After[0].Value != true {
			t.Fatalf("what names nobody is gone: %+v", group)
		}
		for i, q := range people {
			if got.Changes[i].Name != New(key).Pseudonym(q.login) {
				t.Fatalf("%q is %q", q.login, got.Changes[i].Name)
			}
		}
	})
}

func TestNothingOfAPersonIsLeftInADifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		people := drawPeople(t)
		q := rapid.SampledFrom(people).Draw(t, "person")
		why := drawPlan(t, people).Changes[0].Reasons
		change := planner.AccessChange{Key: q.key(), Login: q.login, App: "vpn", Group: "Staff", Before: why, After: why}
		d := &planner.Difference{
			Losses: []planner.AccessChange{change}, Gains: []planner.AccessChange{change},
			Attributes: []planner.AttributeChange{{Key: q.key(), Login: q.login, App: "vpn", Path: "name.familyName", Before: q.family, After: "Zqnew", Origin: why[0].Origin}},
			Waivers:    []planner.WaiverChange{{Address: schema.Address("waiver." + q.login), App: "vpn", Protects: schema.Address(q.key()), Reason: q.login}},
			Stale:      []planner.Stale{{Directory: "directory.file.hr", Text: "directory.file.hr is old, says " + q.login + ".", Origin: why[0].Origin}},
			Kept:       []planner.Kept{{Key: q.key(), Login: q.login, App: "vpn", Before: why, Left: why, Through: why}},
			Withheld:   []planner.WithheldChange{{Key: q.key(), Login: q.login, App: "vpn", Group: "Staff", Origin: why[0].Origin}},
			Pushes:     []planner.PushChange{{App: "vpn", Key: "group.staff", Before: "Staff", After: "People", Origin: why[0].Origin}},
		}
		for _, p := range people {
			d.Losses = append(d.Losses, planner.AccessChange{Key: p.key(), Login: p.login})
			d.Attributes = append(d.Attributes,
				planner.AttributeChange{Key: p.key(), Login: p.login, Path: "name.givenName", Before: p.given, After: p.family},
				planner.AttributeChange{Key: p.key(), Login: p.login, Path: "displayName", After: p.display})
		}
		got, policies := New(key).Difference(d, drawPlan(t, people).Policies)
		for _, s := range append(texts(reflect.ValueOf(got)), texts(reflect.ValueOf(policies))...) {
			if leak.MatchString(s) {
				t.Fatalf("%q is left of %+v", s, people)
			}
		}
		if got.Losses[0].Group != "Staff" || got.Pushes[0].After != "People" || got.Attributes[0].Before == got.Attributes[0].After {
			t.Fatalf("what names nobody is gone: %+v", got)
		}
	})
}

func TestTextsKeepWhatNamesNobody(t *testing.T) {
	t.Parallel()
	r := New(key)
	p := &planner.Plan{Withheld: []planner.Withheld{{Login: "ann.lee@acme.com"}}, Changes: []planner.Change{{Kind: planner.KindUser, Key: "user.ann", Name: "ann", Action: planner.Create,
		After: []schema.Value{{Path: "name.givenName", Value: "Ann"}, {Path: "name.familyName", Value: "L"}}}}}
	for text, want := range map[string]string{
		"the plan was planned":           "the plan was planned",
		"no assignment reaches ann":      "no assignment reaches PSEUDONYM",
		"ANN and ann's":                  "PSEUDONYM and PSEUDONYM's",
		"annual, joann":                  "annual, joann",
		"assignment.ann_lee for ann.lee": "assignment.PSEUDONYM_lee for PSEUDONYM",
		"L":                              "L",
		"moved from user.ann to group.l": "moved from PSEUDONYM to group.l",
	} {
		p.Changes[0].Reasons = []planner.Reason{{Code: "x", Text: text}}
		got := r.Plan(p).Changes[0].Reasons[0].Text
		for _, login := range []string{"ann.lee@acme.com", "ann"} {
			got = strings.ReplaceAll(got, r.Pseudonym(login), "PSEUDONYM")
		}
		if d := cmp.Diff(got, want); d != "" {
			t.Errorf("%q (-got +want):\n%s", text, d)
		}
	}
}

func TestThePlanItselfStaysAsItIs(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := drawPlan(t, drawPeople(t))
		before := fmt.Sprintf("%+v", p)
		New(key).Plan(p)
		if after := fmt.Sprintf("%+v", p); after != before {
			t.Fatalf("the plan was changed:\n%s\n%s", before, after)
		}
	})
}
