package planner

import (
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/schema"
)

// staleDirectory plans over a directory whose people lose the app, with a max_age
// of a day and a half.
func staleDirectory(t *testing.T, from schema.Dated, now time.Time, edit func(*schema.Config)) *Plan {
	t.Helper()
	in := leaving(t, Facts{AsOf: asOf, Now: now}, from, func(c *schema.Config) {
		c.Directories[0].MaxAge = 36 * time.Hour
		c.Directories[0].AgeOrigin = schema.Origin{File: "hr.hcl", Line: 3}
		edit(c)
	})
	return mustCompute(t, in)
}

func hoursAgo(h float64) schema.Dated {
	return schema.Dated{At: asOf.Add(-time.Duration(h * float64(time.Hour))), By: "exported_at"}
}

func TestADirectoryThatIsTooOldTakesNothingAway(t *testing.T) {
	t.Parallel()
	waived := func(limit time.Duration, expires time.Time) func(*schema.Config) {
		return func(c *schema.Config) {
			c.Waivers = []schema.Waiver{{Address: "waiver.w", App: "app.x", Guard: "directory-stale", MaxAge: limit, Expires: expires, Reason: "down"}}
		}
	}
	plain := func(*schema.Config) {}
	const hour = time.Hour
	tests := map[string]struct {
		from schema.Dated
		now  time.Time
		edit func(*schema.Config)
		want bool
		says string
	}{
		"young":                            {hoursAgo(1), asOf, plain, true, ""},
		"exactly as old as it may be":      {hoursAgo(36), asOf, plain, true, ""},
		"older":                            {hoursAgo(36.1), asOf, plain, false, "That is 36h6m ago, and max_age is 36h."},
		"older by days":                    {hoursAgo(99), asOf, plain, false, "by exported_at. That is 4d3h ago"},
		"nobody knows":                     {schema.Dated{By: "the clone ends here"}, asOf, plain, false, "cannot be told: the clone ends here."},
		"from an hour ahead":               {hoursAgo(-1), asOf, plain, false, "ahead of this machine's clock by 1h"},
		"from a little ahead":              {hoursAgo(-0.1), asOf, plain, true, ""},
		"planned for the past":             {hoursAgo(-1), asOf.Add(2 * hour), plain, true, ""},
		"planned for the past, and stale":  {hoursAgo(-1), asOf.Add(48 * hour), plain, false, "That is 47h ago"},
		"planned for the future":           {hoursAgo(37), asOf.Add(-30 * hour), plain, false, "That is 37h ago"},
		"a waiver":                         {hoursAgo(40), asOf, waived(40*hour, asOf.Add(1)), true, ""},
		"a waiver that ended":              {hoursAgo(40), asOf, waived(40*hour, asOf), false, ""},
		"a waiver of too little":           {hoursAgo(40), asOf, waived(39*hour, asOf.Add(1)), false, ""},
		"a waiver, and nobody knows":       {schema.Dated{By: "x"}, asOf, waived(9999*hour, asOf.Add(1)), false, ""},
		"in an app that is only reported":  {hoursAgo(40), asOf, func(c *schema.Config) { c.Apps[0].ReportOnly = true }, true, ""},
		"where nothing is taken":           {hoursAgo(40), asOf, func(c *schema.Config) { c.Apps[0].Provisioning.DeactivateUsers = false }, true, ""},
		"where nobody said how old it may": {hoursAgo(4000), asOf, func(c *schema.Config) { c.Directories[0].MaxAge = 0 }, true, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := staleDirectory(t, tt.from, tt.now, tt.edit)
			if p.Applyable != tt.want {
				t.Fatalf("applyable is %t, want %t: %v", p.Applyable, tt.want, p.Findings)
			}
			text := ""
			for _, f := range p.Findings {
				if f.Code == "directory-stale" && f.Severity == schema.Guarded {
					text += f.Detail
					if f.Origin.File != "hr.hcl" {
						t.Errorf("the finding is about %v, want where max_age stands", f.Origin)
					}
				}
			}
			if !strings.Contains(text, tt.says) || tt.want && text != "" {
				t.Errorf("it says %q, want %q", text, tt.says)
			}
		})
	}
}

// A stale directory is told of also where it takes nothing away, and once.
func TestADirectoryThatIsTooOldIsSaidOnce(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit func(*schema.Config)
		want schema.Severity
	}{
		"and takes something away": {func(*schema.Config) {}, schema.Guarded},
		"and takes nothing away":   {func(c *schema.Config) { c.Apps[0].Provisioning.DeactivateUsers = false }, schema.Warning},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []schema.Severity
			for _, f := range staleDirectory(t, hoursAgo(40), asOf, tt.edit).Findings {
				if f.Code == "directory-stale" {
					got = append(got, f.Severity)
				}
			}
			if len(got) != 1 || got[0] != tt.want {
				t.Errorf("findings %v, want one of severity %s", got, tt.want)
			}
		})
	}
}

func TestSpanIsWrittenAsTheConfigurationWritesIt(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		36 * time.Hour: "36h", 90 * time.Minute: "1h30m", 10 * time.Minute: "10m", 20 * time.Hour: "20h", 30 * time.Second: "30s", 0: "0s", 100*time.Hour + time.Second: "100h0m1s",
	} {
		if got := span(d); got != want {
			t.Errorf("span(%d): got %s, want %s", d, got, want)
		}
	}
}
