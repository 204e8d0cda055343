package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// TestPoliciesSayWhatIsSo draws organisations, writes them as files, and states
// without the planner how often each policy must fail.
func TestPoliciesSayWhatIsSo(t *testing.T) {
	t.Parallel()
	seen := map[bool]bool{}
	rapid.Check(t, func(t *rapid.T) {
		o := drawOffice(t)
		config, _, found := load.Load(o.files(), load.Options{})
		if found.HasErrors() {
			t.Fatalf("%v\n%s", found, o.files()["people.hcl"].Data)
		}
		d, found := planner.Resolve(config, planner.Facts{AsOf: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)})
		if found.HasErrors() {
			t.Fatal(found)
		}
		p, err := planner.Compute(planner.Input{Desired: d, Remotes: map[schema.Address]*planner.Remote{"target.sandbox.x": {Complete: true}}})
		if err != nil {
			t.Fatal(err)
		}
		v := policy.Check(d, p)
		if len(v.Broken) > 0 {
			t.Fatalf("not evaluated: %v", v.Broken)
		}
		want := o.failures()
		if len(v.Results) != len(want) {
			t.Fatalf("%d policies were checked, want %d", len(v.Results), len(want))
		}
		blocks := false
		for _, r := range v.Results {
			n := want[r.Address.Name()]
			if r.Failures != n || r.Passed != (n == 0) {
				t.Errorf("%s fails %d times, want %d\n%+v", r.Address, r.Failures, n, o)
			}
			blocks = blocks || n > 0
		}
		if v.Blocks() != blocks {
			t.Errorf("blocks: %t, want %t", v.Blocks(), blocks)
		}
		seen[blocks] = true
	})
	if !seen[true] || !seen[false] {
		t.Error("organisations that keep all policies, or that break one, were never drawn")
	}
}

// office is an organisation with the people of one app.
type office struct {
	people []clerk
	// includes: admins include all of payments. past: the assignment has expired.
	includes, past bool
	// grants are the groups that are assigned, most how many admins may be.
	grants []string
	most   int
	// adminsIn is the file that declares the group of admins.
	adminsIn string
}

// clerk is somebody with the groups that name them.
type clerk struct {
	login, status, kind, department string
	in                              []string
	direct                          bool
}

var officeGroups = []string{"payments", "approvals", "admins"}

func drawOffice(t *rapid.T) *office {
	subset := func(label string) []string {
		return slices.DeleteFunc(slices.Clone(officeGroups), func(string) bool { return rapid.IntRange(0, 2).Draw(t, label) > 0 })
	}
	o := &office{
		includes: rapid.IntRange(0, 3).Draw(t, "includes") == 0, past: rapid.IntRange(0, 4).Draw(t, "past") == 0,
		grants: subset("grant"), most: rapid.IntRange(0, 3).Draw(t, "most"),
		adminsIn: rapid.SampledFrom([]string{"security/admins.hcl", "security/admins.hcl", "people.hcl"}).Draw(t, "file"),
	}
	for i := range rapid.IntRange(0, 6).Draw(t, "people") {
		o.people = append(o.people, clerk{
			login:      rapid.SampledFrom([]string{"p%d@x.com", "P%d@X.com", "p%d"}).Draw(t, "login"),
			status:     rapid.SampledFrom([]string{"ACTIVE", "ACTIVE", "STAGED", "SUSPENDED", "DEPROVISIONED"}).Draw(t, "status"),
			kind:       rapid.SampledFrom([]string{"", "employee", "employee", "contractor"}).Draw(t, "kind"),
			department: rapid.SampledFrom([]string{"IT", "Sales", "Ops", ""}).Draw(t, "department"),
			in:         subset("in"), direct: rapid.IntRange(0, 4).Draw(t, "direct") == 0,
		})
		o.people[i].login = fmt.Sprintf(o.people[i].login, i)
	}
	return o
}

// inGroup reports who is in a group, whatever their status.
func (o *office) inGroup(c *clerk, group string) bool {
	return slices.Contains(c.in, group) || group == "admins" && o.includes && slices.Contains(c.in, "payments")
}

// hasApp reports who has the app.
func (o *office) hasApp(c *clerk) bool {
	granted := slices.ContainsFunc(o.grants, func(g string) bool { return o.inGroup(c, g) })
	return c.status != "DEPROVISIONED" && (c.direct || granted && !o.past)
}

// failures are how often each policy fails.
func (o *office) failures() map[string]int {
	var both, contractors, admins, homeless, created int
	for i := range o.people {
		c := &o.people[i]
		count := func(n *int, is bool) {
			if is {
				*n++
			}
		}
		count(&both, o.inGroup(c, "payments") && o.inGroup(c, "approvals"))
		count(&contractors, c.kind == "contractor" && o.hasApp(c))
		count(&admins, o.inGroup(c, "admins"))
		count(&homeless, c.department == "" && o.hasApp(c))
		count(&created, o.hasApp(c) && c.status != "SUSPENDED")
	}
	once := func(fails bool) int {
		if fails {
			return 1
		}
		return 0
	}
	return map[string]int{
		"duties_each": both, "duties_all": once(both > 0), "duties_sets": once(both > 0),
		"contractors_each": contractors, "contractors_app": contractors, "contractors_all": once(contractors > 0),
		"admins_most": once(admins > o.most), "admins_people": once(admins > o.most),
		"departments_each": homeless, "departments_access": once(homeless > 0),
		"owned": once(!strings.HasPrefix(o.adminsIn, "security/")),
		"new":   once(created > o.most), "new_changes": once(created > o.most),
	}
}

// officePolicies write each statement in more than one way.
const officePolicies = `
policy "duties_each" {
  for_each = effective.users
  assert {
    condition     = !(contains(each.value.groups, group.payments) && contains(each.value.groups, group.approvals))
    error_message = each.key
  }
}
policy "duties_all" {
  assert {
    condition     = alltrue([for u in effective.users : length(setintersection(u.groups, [group.payments, group.approvals])) < 2])
    error_message = "No."
  }
}
policy "duties_sets" {
  assert {
    condition     = length(setintersection(effective.groups[group.payments].members, effective.groups["group.approvals"].members)) == 0
    error_message = "No."
  }
}
policy "contractors_each" {
  for_each = { for login, u in effective.users : login => u.apps if u.user_type == "contractor" }
  assert {
    condition     = !contains(each.value, app.x)
    error_message = "${each.key} has ${join(", ", each.value)}."
  }
}
policy "contractors_app" {
  for_each = toset(effective.apps.x.users)
  assert {
    condition     = effective.users[each.key].user_type != "contractor"
    error_message = each.key
  }
}
policy "contractors_all" {
  assert {
    condition     = !anytrue([for login in effective.apps[app.x].users : effective.users[login].user_type == "contractor"])
    error_message = "No."
  }
}
policy "admins_most" {
  assert {
    condition     = length(effective.groups[group.admins].members) <= local.most
    error_message = "No."
  }
}
policy "admins_people" {
  assert {
    condition     = length([for u in effective.users : u if contains(u.groups, group.admins)]) <= local.most
    error_message = "No."
  }
}
policy "departments_each" {
  for_each = effective.users
  assert {
    condition     = each.value.department != "" || length(each.value.apps) == 0
    error_message = each.key
  }
}
policy "departments_access" {
  assert {
    condition     = alltrue([for a in effective.access : effective.users[a.login].department != "" if a.app == "x" && a.source != ""])
    error_message = "No."
  }
}
policy "owned" {
  assert {
    condition     = startswith(effective.groups[group.admins].file, "security/")
    error_message = "No."
  }
}
policy "new" {
  assert {
    condition     = plan.summary.users.create <= local.most
    error_message = "No."
  }
}
policy "new_changes" {
  assert {
    condition     = length([for c in plan.changes : c if c.kind == "user" && c.action == "create" && c.after.userName == c.name]) <= local.most
    error_message = "No."
  }
}
`

// files are the office as a configuration.
func (o *office) files() fstest.MapFS {
	text := map[string]*strings.Builder{"policies.hcl": {}, "people.hcl": {}, "security/admins.hcl": {}}
	fmt.Fprintf(text["policies.hcl"], "%s\nlocals {\n  most = %d\n}\n", officePolicies, o.most)
	w := text["people.hcl"]
	var direct []string
	for i, c := range o.people {
		fmt.Fprintf(w, "user \"u%d\" {\n  login = %q\n  status = %q\n", i, c.login, c.status)
		for name, value := range map[string]string{"user_type": c.kind, "department": c.department} {
			if value != "" {
				fmt.Fprintf(w, "  %s = %q\n", name, value)
			}
		}
		w.WriteString("}\n")
		if c.direct {
			direct = append(direct, fmt.Sprintf("user.u%d", i))
		}
	}
	for _, g := range officeGroups {
		o.writeGroup(text, g)
	}
	var grants []string
	for _, g := range o.grants {
		grants = append(grants, "group."+g)
	}
	fmt.Fprintf(w, "target \"sandbox\" \"x\" {}\napp \"x\" {\n  target = target.sandbox.x\n}\nassignment \"direct\" {\n  app = app.x\n  users = [%s]\n}\nassignment \"groups\" {\n  app = app.x\n  groups = [%s]\n",
		strings.Join(direct, ", "), strings.Join(grants, ", "))
	if o.past {
		w.WriteString("  expires = \"2026-02-01T00:00:00Z\"\n")
	}
	w.WriteString("}\n")
	fsys := fstest.MapFS{}
	for name, b := range text {
		fsys[name] = &fstest.MapFile{Data: []byte(b.String())}
	}
	return fsys
}

func (o *office) writeGroup(text map[string]*strings.Builder, group string) {
	file := "people.hcl"
	if group == "admins" {
		file = o.adminsIn
	}
	var members []string
	for i := range o.people {
		if slices.Contains(o.people[i].in, group) {
			members = append(members, fmt.Sprintf("user.u%d", i))
		}
	}
	fmt.Fprintf(text[file], "group %q {\n  members = [%s]\n", group, strings.Join(members, ", "))
	if group == "admins" && o.includes {
		text[file].WriteString("  include_groups = [group.payments]\n")
	}
	text[file].WriteString("}\n")
}
