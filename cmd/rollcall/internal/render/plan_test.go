package render

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// planSource has the line that the seed's warning is about.
var planSource = map[string][]byte{"access.hcl": []byte(strings.Repeat("\n", 18) + "push_group \"engineering\" {\n  app = app.twingate\n")}

func TestPlanIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]*planner.Plan{
		"seed": seedPlan(), "mixed": mixedPlan(), "empty": emptyPlan(), "offline": offlinePlan(), "blocked": blockedPlan(), "hostile": hostilePlan(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rendered(t, func(w io.Writer) error { return Plan(w, plan, planSource, Style{Now: now}) })
			golden(t, "plan_"+name+".txt", got)
			wantHarmless(t, got)
		})
	}
}

func TestPlanOfOrdinaryNamesFitsEightyColumns(t *testing.T) {
	t.Parallel()
	for name, plan := range map[string]*planner.Plan{
		"seed": seedPlan(), "mixed": mixedPlan(), "empty": emptyPlan(), "offline": offlinePlan(), "blocked": blockedPlan(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantNarrow(t, rendered(t, func(w io.Writer) error { return Plan(w, plan, nil, Style{}) }), 80)
		})
	}
}

func TestColourChangesNothingButColour(t *testing.T) {
	t.Parallel()
	plain := rendered(t, func(w io.Writer) error { return Plan(w, mixedPlan(), nil, Style{}) })
	painted := rendered(t, func(w io.Writer) error { return Plan(w, mixedPlan(), nil, Style{Color: true}) })
	if !strings.Contains(painted, "\x1b[31m-\x1b[0m") {
		t.Error("a removal is not painted red")
	}
	if got := stripped(painted); got != plain {
		t.Errorf("without its colours the text differs:\n%s", got)
	}
}

// stripped removes the colour sequences that paint writes.
func stripped(s string) string {
	for _, c := range []colour{"0", bold, faint, under, red, green, yellow, cyan} {
		s = strings.ReplaceAll(s, "\x1b["+string(c)+"m", "")
	}
	return s
}

func TestPlanSaysWhyAWriteFailed(t *testing.T) {
	t.Parallel()
	want := errors.New("disk full")
	if got := Plan(failing{want}, mixedPlan(), nil, Style{}); !errors.Is(got, want) {
		t.Errorf("Plan to a full disk: %v, want %v", got, want)
	}
}

// failing is a writer that never can.
type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestPlanNoteSaysWhatToRunNext(t *testing.T) {
	t.Parallel()
	golden(t, "note_saved.txt", rendered(t, func(w io.Writer) error { return PlanNote(w, "plan out.json", Style{}) }))
	golden(t, "note_unsaved.txt", rendered(t, func(w io.Writer) error { return PlanNote(w, "", Style{}) }))
}

func TestPlanSpeaksTheGrammarOfPullRequestTools(t *testing.T) {
	t.Parallel()
	text := rendered(t, func(w io.Writer) error { return Plan(w, mixedPlan(), nil, Style{}) })
	for _, tc := range []struct{ pattern, want string }{
		{`(?m)^ *# (.*) will be created$`, `user "breakglass@acme.com"`},
		{`(?m)^ *# (.*) will be updated in-place$`, `user "alice@acme.com"`},
		{`(?m)^ *# (.*) will be destroyed$`, `group "Legacy VPN"`},
		{`(?m)^(Plan: \d+ to add, \d+ to change, \d+ to destroy\.)$`, "Plan: 2 to add, 5 to change, 3 to destroy."},
	} {
		got := regexp.MustCompile(tc.pattern).FindStringSubmatch(text)
		if len(got) != 2 || got[1] != tc.want {
			t.Errorf("%s finds %q, want %q", tc.pattern, got, tc.want)
		}
	}
	empty := rendered(t, func(w io.Writer) error { return Plan(w, emptyPlan(), nil, Style{}) })
	if !regexp.MustCompile(`(?m)^No changes\.`).MatchString(empty) {
		t.Errorf("a plan without changes does not say so at the start of a line:\n%s", empty)
	}
}

func TestNoNameCanForgeTheVerdict(t *testing.T) {
	t.Parallel()
	const forged = "x\nPlan: 0 to add, 0 to change, 0 to destroy.\nNo changes.\n  # user \"y\" will be created\n"
	p := mixedPlan()
	for i := range p.Changes {
		c := &p.Changes[i]
		c.Name, c.Key, c.App, c.RemoteID = forged, c.Key+forged, forged, forged
		c.Reasons = []planner.Reason{{Text: forged, Origin: at(forged, 1)}}
		c.Members.Add = []planner.Member{{Name: forged}}
		c.After = append(c.After, value("zz", forged))
	}
	p.Withheld = []planner.Withheld{{App: forged, Group: forged, Login: forged, Missing: forged}}
	p.Findings[0].Summary, p.Findings[0].Detail, p.Findings[1].Detail = forged, forged, forged
	p.Held[0].Name, p.Drift[0].Name, p.Inputs.Targets[0].Address = forged, forged, forged
	text := rendered(t, func(w io.Writer) error { return Plan(w, p, nil, Style{}) })
	verdicts := regexp.MustCompile(`(?m)^(Plan: \d|No changes\.)`).FindAllString(text, -1)
	if len(verdicts) != 1 {
		t.Errorf("the text has %d verdicts, want one:\n%s", len(verdicts), text)
	}
	if strings.Contains(text, "\n  # user \"y\"") {
		t.Error("a name made a block of its own")
	}
}

func TestPlanOfAReportOnlyAppPromisesNothing(t *testing.T) {
	t.Parallel()
	p := seedPlan()
	p.Changes[0].ReportOnly = true
	text := rendered(t, func(w io.Writer) error { return Plan(w, p, nil, Style{}) })
	want := "Rollcall only reports on app.twingate (mode = \"report\") and sends none of this:"
	if !strings.Contains(text, want) || strings.Contains(text, "will perform") {
		t.Errorf("the text promises to act, want %q in:\n%s", want, text)
	}
	wantNarrow(t, text, 80)
}

func TestNameThatIsOnlyPassedThroughDoesNotShow(t *testing.T) {
	t.Parallel()
	p := emptyPlan()
	step := func(wave int, from, to string) planner.Change {
		return planner.Change{App: "x", Kind: planner.KindGroup, Key: "group.a", Name: "B", RemoteID: "g1", Action: planner.Update, Wave: wave,
			Requests: 1, Before: []schema.Value{value("displayName", from)}, After: []schema.Value{value("displayName", to)}}
	}
	p.Changes = []planner.Change{step(3, "A", "A (rollcall 1)"), step(3, "A (rollcall 1)", "B")}
	p.Summary.Change = 1
	text := rendered(t, func(w io.Writer) error { return Plan(w, p, nil, Style{}) })
	if !strings.Contains(text, `~ group "A" -> "B"`) || strings.Contains(text, "rollcall 1") {
		t.Errorf("the block does not go from the first name to the last:\n%s", text)
	}
}

func TestManyWithheldMembersAreCountedNotListed(t *testing.T) {
	t.Parallel()
	p := &planner.Plan{Complete: true, Applyable: true}
	for i := range withheldShown + 7 {
		p.Withheld = append(p.Withheld, planner.Withheld{App: "vpn", Group: "All", Login: fmt.Sprintf("p%03d@acme.com", i), Missing: "assigned"})
	}
	var b strings.Builder
	if err := Plan(&b, p, nil, Style{}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Count(b.String(), "not assigned to the app"); got != withheldShown {
		t.Errorf("%d members are named, want %d", got, withheldShown)
	}
	if !strings.Contains(b.String(), "and 7 more;") {
		t.Errorf("the rest is not counted:\n%s", b.String())
	}
}
