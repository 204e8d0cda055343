package main

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/providers/directory/file"
	"github.com/rollcall-dev/rollcall/schema"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// measuredPolicies are the forms that policies about everybody take.
const measuredPolicies = `
policy "each" {
  for_each = effective.users
  assert {
    condition     = !(contains(each.value.groups, group.g0) && contains(each.value.groups, group.g2))
    error_message = each.key
  }
}
policy "loop" {
  assert {
    condition     = alltrue([for u in effective.users : u.department != ""])
    error_message = "no"
  }
}
policy "app" {
  for_each = toset(effective.apps.a.users)
  assert {
    condition     = effective.users[each.key].user_type != "contractor"
    error_message = each.key
  }
}
policy "count" {
  assert {
    condition     = length(effective.groups[group.g0].members) <= 1000000
    error_message = "no"
  }
}
policy "access" {
  assert {
    condition     = alltrue([for a in effective.access : a.file != "" if a.app == "a" && a.group == ""])
    error_message = "no"
  }
}
`

// BenchmarkPolicies measures each form of a policy, alone and all together, as
// a ratio of its cpu to that of one Resolve of the same facts in the same
// process. Of three times the shortest counts.
func BenchmarkPolicies(b *testing.B) {
	for _, row := range []struct {
		name   string
		people int
	}{{"1k", 1_000}, {"10k", 10_000}} {
		b.Run(row.name, func(b *testing.B) {
			for range b.N {
				measurePolicies(b, row.people)
			}
		})
	}
}

// TestPoliciesAreMeasured proves the benchmark on few people.
func TestPoliciesAreMeasured(t *testing.T) {
	t.Parallel()
	cfg, facts := measuredWorld(t, 200)
	d, found := planner.Resolve(cfg, facts)
	if found.HasErrors() {
		t.Fatal(found)
	}
	v := policy.Check(d, nil)
	if len(v.Broken) > 0 || len(v.Results) != 5 {
		t.Errorf("%d policies were checked, want 5; %v", len(v.Results), v.Broken)
	}
	for _, r := range v.Results {
		if want := r.Address != "policy.each"; r.Passed != want {
			t.Errorf("%s passed: %t, want %t", r.Address, r.Passed, want)
		}
	}
}

// measuredWorld is an organisation with the policies.
func measuredWorld(tb testing.TB, people int) (*schema.Config, planner.Facts) {
	tb.Helper()
	w := &world{people: people, dir: tb.TempDir()}
	if err := w.write("csv"); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "policies.hcl"), []byte(measuredPolicies), 0o600); err != nil {
		tb.Fatal(err)
	}
	cfg, _, found := load.Load(os.DirFS(w.dir), load.Options{})
	if found.HasErrors() {
		tb.Fatal(found)
	}
	dir, found := file.Read(os.DirFS(w.dir), &cfg.Directories[0], file.Limits{})
	if found.HasErrors() {
		tb.Fatal(found)
	}
	return cfg, planner.Facts{
		AsOf:         time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Directories:  map[schema.Address]*schema.Directory{dir.Address: dir},
		Capabilities: map[schema.Address]planner.Capabilities{"target.scim.t": capabilities},
	}
}

func measurePolicies(b *testing.B, people int) {
	b.Helper()
	cfg, facts := measuredWorld(b, people)
	var d *planner.Desired
	floor := leastOf(func() { d, _ = planner.Resolve(cfg, facts) })
	all := slices.Clone(cfg.Policies)
	report := func(name string, policies []schema.Policy) {
		cfg.Policies = policies
		cpu := leastOf(func() {
			if v := policy.Check(d, nil); len(v.Broken) > 0 {
				b.Fatal(v.Broken)
			}
		})
		b.ReportMetric(cpu, name+"-s")
		b.ReportMetric(cpu/floor, name+"-×")
	}
	for i := range all {
		report(all[i].Address.Name(), all[i:i+1])
	}
	report("together", all)
	b.ReportMetric(0, "ns/op")
}

// leastOf is the least cpu, in seconds, that three runs of step took.
func leastOf(step func()) float64 {
	least := math.MaxFloat64
	for range 3 {
		before := cpuOf(usage())
		step()
		least = min(least, cpuOf(usage())-before)
	}
	return least
}
