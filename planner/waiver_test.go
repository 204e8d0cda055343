package planner

import (
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

func TestAPlanNamesTheWaiverThatLetsItPass(t *testing.T) {
	t.Parallel()
	cfg, facts := declared(t, "person a\nguard max_deactivations=0\nwaiver guard=max-deactivations limit=5")
	cfg.Waivers[0].Address, cfg.Waivers[0].Reason = "waiver.audit", "the yearly review"
	d, _ := Resolve(cfg, facts)
	p, err := Compute(Input{Desired: d, Remotes: map[schema.Address]*Remote{targetAddress: {Complete: true}}})
	if err != nil {
		t.Fatal(err)
	}
	want := GuardResult{App: "x", Code: "max-deactivations", Allowed: 5, Waiver: "waiver.audit", Reason: "the yearly review", Expires: asOf.Add(time.Hour)}
	if diff := gocmp.Diff(p.Guards[0], want); diff != "" {
		t.Errorf("guard (-got +want):\n%s", diff)
	}
	if p.Guards[1].Waiver != "" {
		t.Errorf("the waiver of one guard lets %s pass", p.Guards[1].Code)
	}
}

// waiverCodes are the findings about waivers of a plan in which thirty people lose
// the app, under the limits that hold by default.
func waiverCodes(t *testing.T, facts Facts, edit func(*schema.Config)) (applyable bool, codes []schema.Code) {
	t.Helper()
	in := leaving(t, facts, schema.Dated{}, func(c *schema.Config) {
		c.Apps[0].Guard = schema.DefaultGuard()
		edit(c)
	})
	p := mustCompute(t, in)
	for _, f := range p.Findings {
		if f.Code == "waiver-expired" || f.Code == "waiver-unused" {
			codes = append(codes, f.Code)
			if f.Origin.Line != 7 {
				t.Errorf("%s is about %v, want the waiver", f.Code, f.Origin)
			}
		}
	}
	return p.Applyable, codes
}

func TestAWaiverThatIsOverOrNotNeededIsSaid(t *testing.T) {
	t.Parallel()
	at := schema.Origin{File: "w.hcl", Line: 7}
	waiver := func(guard string, limit float64, expires time.Time) schema.Waiver {
		return schema.Waiver{Address: "waiver.w", App: "app.x", Guard: guard, Limit: schema.Limit{Value: limit}, Expires: expires, Origin: at}
	}
	later := asOf.Add(time.Hour)
	protecting := func(c *schema.Config) {
		c.Apps[0].Guard.ProtectedUsers = []schema.UserRef{{Login: "p00@x.com"}}
	}
	lifting := schema.Waiver{Address: "waiver.w", App: "app.x", Protects: `directory.file.hr.users["p00@x.com"]`, Expires: later, Origin: at}
	stays := func(c *schema.Config) { c.Apps[0].Provisioning.DeactivateUsers = false }
	tests := map[string]struct {
		waiver schema.Waiver
		edit   func(*schema.Config)
		now    time.Time
		passes bool
		want   []schema.Code
	}{
		"needed":                                 {waiver("max-deactivations", 30, later), nil, asOf, true, nil},
		"needed, and not enough":                 {waiver("max-deactivations", 29, later), nil, asOf, false, nil},
		"ended":                                  {waiver("max-deactivations", 30, asOf), nil, asOf, false, []schema.Code{"waiver-expired"}},
		"ended by the clock, planned for before": {waiver("max-deactivations", 30, later), nil, later, false, []schema.Code{"waiver-expired"}},
		"no wider than the guard":                {waiver("max-deactivations", 2, later), nil, asOf, false, []schema.Code{"waiver-unused"}},
		"of another guard":                       {waiver("max-removals", 99, later), nil, asOf, false, []schema.Code{"waiver-unused"}},
		"where nothing is taken":                 {waiver("max-deactivations", 30, later), stays, asOf, true, []schema.Code{"waiver-unused"}},
		"of a directory that is whole":           {waiver("directory-shrank", 99, later), stays, asOf, true, []schema.Code{"waiver-unused"}},
		"that lifts a protection":                {lifting, func(c *schema.Config) { stays(c); protecting(c) }, asOf, true, nil},
		"that lifts what nothing protects":       {lifting, stays, asOf, true, []schema.Code{"waiver-unused"}},
		"in an app that is only reported on":     {waiver("max-removals", 99, later), func(c *schema.Config) { c.Apps[0].ReportOnly = true }, asOf, true, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			passes, got := waiverCodes(t, Facts{AsOf: asOf, Now: tt.now}, func(c *schema.Config) {
				c.Waivers = []schema.Waiver{tt.waiver}
				if tt.edit != nil {
					tt.edit(c)
				}
			})
			if passes != tt.passes {
				t.Errorf("the plan passes: %t, want %t", passes, tt.passes)
			}
			if diff := gocmp.Diff(got, tt.want); diff != "" {
				t.Errorf("findings (-got +want):\n%s", diff)
			}
		})
	}
}

func TestAnAssignmentIsGivenWithItsReason(t *testing.T) {
	t.Parallel()
	cfg, facts := declared(t, "person a\ngroup G a\nassign a\nassign @G")
	cfg.Assignments[0].Reason = "on call."
	d, _ := Resolve(cfg, facts)
	x, err := Explain(d, "user.a", "app.x")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := x.Answers[0].Reasons[0].Text, "assigned by assignment.n0: on call"; got != want {
		t.Errorf("reason %q, want %q", got, want)
	}
}
