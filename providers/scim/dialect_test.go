package scim_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

func dialect(t *testing.T, target schema.Target) scim.Dialect {
	t.Helper()
	d, err := scim.DialectFor(target)
	if err != nil {
		t.Fatalf("%+v: %v", target, err)
	}
	return d
}

func TestEveryDeviationHasADatedSource(t *testing.T) {
	t.Parallel()
	for _, d := range scim.Dialects() {
		if d.Name == "" || d.Title == "" {
			t.Errorf("dialect %+v has no name or title", d)
		}
		if len(d.Deviations) == 0 && d.Name != "sandbox" {
			t.Errorf("%s: no deviation has a source", d.Name)
		}
		for _, v := range d.Deviations {
			if _, err := time.Parse(time.DateOnly, v.Seen); err != nil || v.Source == "" || v.Text == "" || v.Field == "" {
				t.Errorf("%s: %+v is not complete", d.Name, v)
			}
		}
	}
}

// TestEveryFieldCanBeOverridden sets each field to something else than it is in
// some dialect, and sees that the dialect changes.
func TestEveryFieldCanBeOverridden(t *testing.T) {
	t.Parallel()
	for _, f := range schema.TargetSettings() {
		var values []any
		switch f.Kind {
		case schema.BoolSetting:
			values = []any{true, false}
		case schema.NumberSetting:
			values = []any{7.0}
		case schema.DurationSetting:
			values = []any{"7s"}
		case schema.ListSetting:
			for _, v := range f.Values {
				values = append(values, v, []any{v})
			}
		case schema.TextSetting:
			for _, v := range f.Values {
				values = append(values, v)
			}
		}
		before, changed := dialect(t, schema.Target{Dialect: "scim"}), 0
		for _, v := range values {
			target := schema.Target{Dialect: "scim", Settings: []schema.Setting{{Block: f.Block, Name: f.Name, Value: v}}}
			if f.Name == "read" && v == "capped" {
				target.Settings = append(target.Settings, schema.Setting{Block: "members", Name: "cap", Value: 5.0})
			}
			if !cmp.Equal(before, dialect(t, target)) {
				changed++
			}
		}
		if changed == 0 || f.Description == "" {
			t.Errorf("%s.%s changes nothing, or says nothing", f.Block, f.Name)
		}
	}
}

func TestSettingsThatCannotBeAreErrors(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setting schema.Setting
		want    string
	}{
		"unknown name":      {schema.Setting{Block: "page", Name: "maximum", Value: 1.0}, "there is no setting page.maximum"},
		"unknown block":     {schema.Setting{Block: "pages", Name: "max", Value: 1.0}, "there is no setting pages.max"},
		"number as text":    {schema.Setting{Block: "page", Name: "max", Value: "100"}, "page.max: 100 is no whole number"},
		"half a page":       {schema.Setting{Block: "page", Name: "max", Value: 0.5}, "no whole number above zero"},
		"endless pages":     {schema.Setting{Block: "page", Name: "max", Value: 1e300}, "no whole number above zero"},
		"bool as text":      {schema.Setting{Block: "page", Name: "verify_end", Value: "true"}, "neither true nor false"},
		"unknown choice":    {schema.Setting{Block: "write", Name: "user", Value: "post"}, "post is none of patch, put, put_merge"},
		"unknown attribute": {schema.Setting{Block: "lookup", Name: "user_by", Value: "email"}, `"email" is none of externalId, userName`},
		"no duration":       {schema.Setting{Block: "lookup", Name: "settle", Value: "soon"}, "no duration"},
		"nothing at all":    {schema.Setting{Block: "write", Name: "group", Value: nil}, "none of patch"},
		"capped, but where": {schema.Setting{Block: "members", Name: "read", Value: "capped"}, "needs members.cap"},
	} {
		_, err := scim.DialectFor(schema.Target{Address: "target.scim.x", Dialect: "scim", Settings: []schema.Setting{test.setting}})
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, test.want)
		}
	}
	if _, err := scim.DialectFor(schema.Target{Dialect: "scimm"}); err == nil {
		t.Error("an unknown dialect was taken")
	}
}

func TestSandboxSpeaksTheDialectThatItsBlockNames(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{"": "sandbox", "scim": "sandbox", "twingate": "twingate", "aws": "aws", "put-only": "put-only",
		"lying-total": "sandbox", "twingate,page-cap=3": "twingate"} {
		d := dialect(t, schema.Target{Dialect: "sandbox", SandboxDialect: text})
		if d.Name != want || d.Lookup.Settle > time.Second {
			t.Errorf("%q: got %s with a settle time of %v", text, d.Name, d.Lookup.Settle)
		}
		if quirks := strings.ContainsAny(text, ",-=") && text != "put-only"; quirks && (d.Lookup.TrustEmpty || !d.Page.VerifyEnd) {
			t.Errorf("%q: a sandbox with quirks is trusted", text)
		}
	}
}

func TestLimitsOfTheBlockWin(t *testing.T) {
	t.Parallel()
	d := dialect(t, schema.Target{Dialect: "twingate", Limits: schema.Limits{Parallelism: 2, RequestsPerSecond: 3.5}})
	if d.Concurrency != 2 || d.RequestsPerSecond != 3.5 || d.Capabilities().RequestsPerSecond != 3.5 {
		t.Errorf("got %+v", d)
	}
}

func TestCapabilitiesFollowFromTheDialect(t *testing.T) {
	t.Parallel()
	d := dialect(t, schema.Target{Dialect: "aws"})
	want := planner.Capabilities{Dialect: "aws", Members: planner.MembersByFilter, CreateWithMembers: true, MembersPerRequest: 100, GroupExternalID: true,
		Required: []string{"displayName", "name.familyName", "name.givenName"}}
	if diff := cmp.Diff(d.Capabilities(), want); diff != "" {
		t.Errorf("capabilities (-got +want):\n%s", diff)
	}
}

func TestCheckTellsWhatTheTargetCanDoWithGETAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := withGroup(3)
		f.get("Users", "u-001")["externalId"] = "00u1"
		f.before = func(w http.ResponseWriter, r *http.Request, _ []byte) bool {
			w.Header().Set("Date", time.Now().Add(90*time.Second).UTC().Format(http.TimeFormat))
			if strings.HasSuffix(r.URL.Path, "/ServiceProviderConfig") {
				answer(w, 200, map[string]any{"patch": map[string]any{"supported": true}, "filter": map[string]any{"supported": true, "maxResults": 200}})
				return true
			}
			if strings.Contains(r.URL.RawQuery, "externalId") {
				answerError(w, 400, "invalidFilter", "not by that")
				return true
			}
			return false
		}
		x := target(t, f, func(c *scim.Config) { c.ReadOnly = true })
		got, err := x.Check(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Filters {
			if got.Filters[i].Err != nil {
				got.Filters[i].Err = fmt.Errorf("%w", got.Filters[i].Err)
				if !strings.Contains(got.Filters[i].Err.Error(), "invalidFilter") {
					t.Errorf("got %v", got.Filters[i].Err)
				}
				got.Filters[i].Err = nil
			}
		}
		want := &scim.Report{
			Identity: "https://scim.example.com/scim/v2", Dialect: "scim", Skew: 90 * time.Second, SkewKnown: true,
			Users: scim.ListReport{Total: 3}, Groups: scim.ListReport{Total: 1},
			Filters: []scim.FilterReport{
				{Kind: "Users", Attribute: "externalId"}, {Kind: "Users", Attribute: "userName", Works: true},
				{Kind: "Groups", Attribute: "displayName", Works: true},
			},
			Discovery:    scim.Discovery{Offered: true, Patch: true, Filter: true, MaxResults: 200},
			Capabilities: x.Capabilities(), Requests: 6,
		}
		if diff := cmp.Diff(got, want); diff != "" {
			t.Errorf("report (-got +want):\n%s", diff)
		}
	})
}

func TestCheckEndsWithTheTokenWhereThatIsRefused(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.before = strike(http.MethodGet, 9, refuseWith(401, "", "no"))
	r, err := target(t, f, nil).Check(t.Context())
	if err == nil || r == nil || r.Requests != 1 || r.Users.Err == nil {
		t.Errorf("got %+v, %v", r, err)
	}
}

func TestConfigThatCannotBeIsAnError(t *testing.T) {
	t.Parallel()
	good := scim.Config{Target: schema.Target{Address: "target.scim.x", Dialect: "scim", BaseURL: "https://x.example/scim"}}
	for name, change := range map[string]func(*scim.Config){
		"no address":        func(c *scim.Config) { c.Target.BaseURL = "" },
		"no encryption":     func(c *scim.Config) { c.Target.BaseURL = "http://x.example" },
		"a host not listed": func(c *scim.Config) { c.HTTP.AllowedHosts = []string{"y.example"} },
		"a path that is none": func(c *scim.Config) {
			c.Paths = []string{"emails[type eq work"}
		},
		"an unknown dialect": func(c *scim.Config) { c.Target.Dialect = "x" },
	} {
		c := good
		change(&c)
		if _, err := scim.New(c); err == nil || !strings.Contains(err.Error(), "target.scim.x") && name != "an unknown dialect" {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if _, err := scim.New(good); err != nil {
		t.Error(err)
	}
}
