package providers_test

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// world is what a configuration declares, in short: people by key with login
// and first name, groups by key with name and members, the groups that are
// assigned the app, and those that are pushed with what happens when they are
// no more.
type world struct {
	people   map[string][2]string
	groups   map[string][2]string
	assigned []string
	pushed   map[string]schema.OnUnpush
}

const (
	theApp    = "main"
	theTarget = schema.Address("target.scim.main")
)

// The history that chaos strikes: yesterday's world, in which zed left, and
// today's, in which something of every kind has to be done.
func worlds() (history []world, today world) {
	first := world{
		people: map[string][2]string{
			"ann": {"ann@x.org", "Ann"}, "bob": {"bob@x.org", "Bob"}, "cyd": {"cyd@x.org", "Cyd"},
			"dan": {"dan@x.org", "Dan"}, "eve": {"eve@x.org", "Eve"}, "zed": {"zed@x.org", "Zed"},
		},
		groups: map[string][2]string{
			"all":  {"Everyone", "ann bob cyd dan eve zed"},
			"eng":  {"Engineering", "ann bob zed"},
			"ops":  {"Operations", "cyd dan"},
			"lab":  {"Lab", "ann eve"},
			"club": {"Club", "bob cyd"},
			"team": {"Team", "dan eve"},
		},
		assigned: []string{"all"},
		pushed:   map[string]schema.OnUnpush{"eng": "", "ops": "", "lab": "empty", "club": "delete", "team": ""},
	}
	second := first.with(func(w *world) {
		w.groups["all"] = [2]string{"Everyone", "ann bob cyd dan eve"}
		w.groups["eng"] = [2]string{"Engineering", "ann bob"}
	})
	return []world{first, second}, second.with(func(w *world) {
		w.people["bob"] = [2]string{"robert@x.org", "Robert"} // renamed
		w.people["fay"] = [2]string{"fay@x.org", "Fay"}       // new
		w.people["gus"] = [2]string{"gus@x.org", "Gus"}       // new
		w.groups["all"] = [2]string{"Everyone", "ann bob cyd eve fay gus zed"}
		w.groups["eng"] = [2]string{"Platform", "ann fay cyd"} // renamed; bob moves out, cyd in
		w.groups["ops"] = [2]string{"Operations", "bob gus"}   // a swap, and dan leaves
		w.groups["team"] = [2]string{"Team", "eve"}
		w.groups["new"] = [2]string{"Brand new", "ann gus zed"}
		w.pushed = map[string]schema.OnUnpush{"eng": "", "ops": "", "team": "", "new": ""}
	})
}

func (w world) with(change func(*world)) world {
	next := world{
		people: maps.Clone(w.people), groups: maps.Clone(w.groups),
		assigned: slices.Clone(w.assigned), pushed: maps.Clone(w.pushed),
	}
	change(&next)
	return next
}

// config is w as the loader would give it.
func (w world) config() *schema.Config {
	app := schema.Address("app." + theApp)
	c := &schema.Config{
		Targets: []schema.Target{{Address: theTarget, Dialect: "scim"}},
		Apps: []schema.App{{
			Address: app, Name: theApp, Target: theTarget, Provisioning: schema.DefaultProvisioning, Guard: noGuard(),
		}},
	}
	for _, key := range slices.Sorted(maps.Keys(w.people)) {
		p := w.people[key]
		c.Users = append(c.Users, schema.User{
			Address: schema.Address("user." + key), ID: "id-" + key, Login: p[0],
			Profile: []schema.Attribute{{Name: "first_name", Value: p[1]}, {Name: "last_name", Value: "Doe"}, {Name: "email", Value: p[0]}},
		})
	}
	for _, key := range slices.Sorted(maps.Keys(w.groups)) {
		g := schema.Group{Address: schema.Address("group." + key), Name: w.groups[key][0], MembersSaid: true}
		for _, m := range w.members(key) {
			g.Members = append(g.Members, schema.UserRef{Address: schema.Address("user." + m)})
		}
		c.Groups = append(c.Groups, g)
	}
	assignment := schema.Assignment{Address: "assignment.all", App: app, Priority: schema.DefaultPriority}
	for _, key := range w.assigned {
		assignment.Groups = append(assignment.Groups, schema.GroupRef{Address: schema.Address("group." + key)})
	}
	c.Assignments = []schema.Assignment{assignment}
	for _, key := range slices.Sorted(maps.Keys(w.pushed)) {
		c.PushGroups = append(c.PushGroups, schema.PushGroup{
			Address: schema.Address("push_group." + key),
			Push:    schema.Push{App: app, OnUnpush: w.pushed[key], AllowEmpty: true},
			Group:   schema.GroupRef{Address: schema.Address("group." + key)},
		})
	}
	return c
}

func noGuard() schema.Guard {
	g := schema.DefaultGuard()
	g.MaxDeactivations.Value, g.MaxRemovals.Value = 100, 100
	return g
}

func (w world) members(group string) []string { return strings.Fields(w.groups[group][1]) }

// picture is what a target holds: accounts by userName with whether they are
// active, groups by name with the user names of their members. What is there
// more than once is listed in twice.
type picture struct {
	Accounts map[string]bool
	Groups   map[string][]string
	Twice    []string
}

// end is the picture that w must lead to after the worlds before it, stated
// without the planner: what each world in turn leaves behind.
func (w world) end(before []world) picture {
	accounts, groups := map[string]account{}, map[string]*shell{}
	for _, now := range append(slices.Clone(before), w) {
		for key, a := range accounts {
			a.active = false // unless somebody assigns it again
			accounts[key] = a
		}
		for _, key := range now.active() {
			accounts[key] = account{now.people[key][0], true}
		}
		for key, g := range groups {
			g.members = []string{}
			if _, still := now.pushed[key]; !still && g.verb == schema.UnpushDelete {
				delete(groups, key)
			}
		}
		for key, verb := range now.pushed {
			groups[key] = &shell{now.groups[key][0], now.pushedMembers(key), verb}
		}
	}
	p := picture{Accounts: map[string]bool{}, Groups: map[string][]string{}}
	for _, a := range accounts {
		p.Accounts[a.name] = a.active
	}
	for _, g := range groups {
		p.Groups[g.name] = g.members
	}
	return p
}

type account struct {
	name   string
	active bool
}

// shell is a group at the target.
type shell struct {
	name    string
	members []string
	verb    schema.OnUnpush
}

// pushedMembers are the user names of a group's members who have the app.
func (w world) pushedMembers(group string) []string {
	members, active := []string{}, w.active()
	for _, m := range w.members(group) {
		if slices.Contains(active, m) {
			members = append(members, w.people[m][0])
		}
	}
	slices.Sort(members)
	return members
}

// active are the keys of everyone who is assigned.
func (w world) active() []string {
	var all []string
	for _, g := range w.assigned {
		all = append(all, w.members(g)...)
	}
	return all
}

// look takes a picture of a target, without the client that is under test.
func look(t testing.TB, service http.Handler) picture {
	t.Helper()
	p := picture{Accounts: map[string]bool{}, Groups: map[string][]string{}}
	names := map[string]string{}
	external := map[string]bool{}
	for _, u := range list(t, service, "/Users") {
		name := u["userName"].(string)
		id, _ := u["externalId"].(string)
		if _, twice := p.Accounts[name]; twice || external[id] {
			p.Twice = append(p.Twice, name)
		}
		p.Accounts[name], external[id] = u["active"].(bool), true
		names[u["id"].(string)] = name
	}
	for _, g := range list(t, service, "/Groups") {
		name := g["displayName"].(string)
		if _, twice := p.Groups[name]; twice {
			p.Twice = append(p.Twice, name)
		}
		members := []string{}
		found, _ := g["members"].([]any)
		for _, m := range found {
			members = append(members, names[m.(map[string]any)["value"].(string)])
		}
		slices.Sort(members)
		if len(slices.Compact(slices.Clone(members))) < len(members) {
			p.Twice = append(p.Twice, name+": "+strings.Join(members, " "))
		}
		p.Groups[name] = members
	}
	return p
}

func list(t testing.TB, service http.Handler, path string) []map[string]any {
	t.Helper()
	w := httptest.NewRecorder()
	service.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/scim/v2"+path+"?count=1000", nil))
	var page struct {
		Total     int              `json:"totalResults"`
		Resources []map[string]any `json:"Resources"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || page.Total != len(page.Resources) {
		t.Fatalf("list %s: status %d, %d of %d resources, %v", path, w.Code, len(page.Resources), page.Total, err)
	}
	return page.Resources
}

// desired resolves w, at a target with the given capabilities.
func (w world) desired(t testing.TB, caps planner.Capabilities) *planner.Desired {
	t.Helper()
	d, findings := planner.Resolve(w.config(), planner.Facts{
		Capabilities: map[schema.Address]planner.Capabilities{theTarget: caps}, AsOf: chaosNow,
	})
	if findings.HasErrors() {
		t.Fatalf("resolve: %+v", findings)
	}
	return d
}
