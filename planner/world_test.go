package planner

import (
	"fmt"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// world is a random situation with a past: an earlier configuration was
// applied, then things were changed at the target, then the configuration
// changed.
type world struct {
	cfg  *schema.Config
	caps Capabilities
	in   Input
}

const (
	worldPeople = 6
	worldGroups = 4
)

func drawWorld(t *rapid.T) world {
	w := world{caps: Capabilities{Dialect: "test", Members: MembersFull, CreateWithMembers: rapid.Bool().Draw(t, "post members")}}
	before := drawConfig(t, "before")
	remote := drawRemote(t, w.caps)
	in := w.input(t, before, &State{}, remote)
	plan := mustCompute(t, in)
	in = relabelled(applied(in, plan), "x-")
	remote = drawDrift(t, in.Remotes[targetAddress])
	w.cfg = drawConfig(t, "now")
	w.in = w.input(t, w.cfg, in.State, remote)
	return w
}

// relabelled gives what an earlier plan made ids of the target's own, so that a
// later plan may make the like of it again. The order of ids stays.
func relabelled(in Input, prefix string) Input {
	label := func(id string) string {
		if rest, made := strings.CutPrefix(id, "x/"); made {
			return prefix + strings.TrimSuffix(rest, "/create")
		}
		return id
	}
	r := *remoteOf(in)
	r.Users, r.Groups = slices.Clone(r.Users), slices.Clone(r.Groups)
	for i := range r.Users {
		r.Users[i].ID = label(r.Users[i].ID)
	}
	for i := range r.Groups {
		r.Groups[i].ID = label(r.Groups[i].ID)
	}
	in.State = cloneState(in.State)
	for _, a := range in.State.Apps {
		for i := range a.Users {
			a.Users[i].RemoteID = label(a.Users[i].RemoteID)
		}
		for i := range a.Groups {
			a.Groups[i].RemoteID = label(a.Groups[i].RemoteID)
			for j := range a.Groups[i].Members {
				a.Groups[i].Members[j] = label(a.Groups[i].Members[j])
			}
		}
	}
	in.Remotes = map[schema.Address]*Remote{targetAddress: &r}
	return in
}

type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func (w *world) input(t fataler, cfg *schema.Config, s *State, r *Remote) Input {
	t.Helper()
	d, found := Resolve(cfg, Facts{AsOf: asOf, Capabilities: map[schema.Address]Capabilities{targetAddress: w.caps}})
	if found.HasErrors() {
		t.Fatalf("resolve: %v", found)
	}
	return Input{Desired: d, State: s, Remotes: map[schema.Address]*Remote{targetAddress: r}}
}

func mustCompute(t fataler, in Input) *Plan {
	t.Helper()
	p, err := Compute(in)
	if err != nil {
		t.Fatalf("compute: %v", err)
	}
	return p
}

func origin(file string, line int) schema.Origin {
	return schema.Origin{File: file, Line: uint32(line)}
}

func drawConfig(t *rapid.T, label string) *schema.Config {
	guard := schema.DefaultGuard()
	guard.MaxDeactivations, guard.MaxRemovals, guard.Floor = schema.Limit{Value: 1000}, schema.Limit{Value: 1000}, 1000
	app := schema.App{
		Address: "app.x", Name: "x", Target: targetAddress, Guard: guard, Origin: origin("app.hcl", 1),
		OnUnassign:  rapid.SampledFrom([]schema.OnUnassign{"", "", schema.UnassignDelete, schema.UnassignKeep}).Draw(t, label+" on_unassign"),
		OnSuspended: rapid.SampledFrom([]schema.OnSuspended{"", schema.SuspendedDeactivate}).Draw(t, label+" on_suspended"),
		OnUnpush:    rapid.SampledFrom([]schema.OnUnpush{"", schema.UnpushLeave, schema.UnpushDelete}).Draw(t, label+" on_unpush"),
		Provisioning: schema.Provisioning{
			CreateUsers:          rapid.IntRange(0, 4).Draw(t, label+" create") > 0,
			UpdateUserAttributes: rapid.IntRange(0, 4).Draw(t, label+" update") > 0,
			DeactivateUsers:      rapid.IntRange(0, 4).Draw(t, label+" deactivate") > 0,
		},
	}
	cfg := &schema.Config{Targets: []schema.Target{{Address: targetAddress}}, Apps: []schema.App{app}}
	var people []int
	for i := range worldPeople {
		if rapid.IntRange(0, 5).Draw(t, label+" here") > 0 {
			people = append(people, i)
			cfg.Users = append(cfg.Users, drawPerson(t, label, i))
		}
	}
	refs := func(what string, line int) []schema.UserRef {
		var rs []schema.UserRef
		for _, i := range people {
			if rapid.IntRange(0, 2).Draw(t, label+what) == 0 {
				rs = append(rs, schema.UserRef{Address: schema.Address(fmt.Sprintf("user.u%d", i)), Origin: origin("refs.hcl", line*10+i)})
			}
		}
		return rs
	}
	for g := range worldGroups {
		cfg.Groups = append(cfg.Groups, drawGroup(t, label, g, refs(" member", g)))
	}
	cfg.Assignments = append(cfg.Assignments, schema.Assignment{
		Address: "assignment.direct", App: "app.x", Users: refs(" direct", 90), Priority: 1000, Origin: origin("assign.hcl", 1),
	})
	for g := range worldGroups {
		if rapid.IntRange(0, 2).Draw(t, label+" assigned") == 0 {
			cfg.Assignments = append(cfg.Assignments, schema.Assignment{
				Address: schema.Address(fmt.Sprintf("assignment.g%d", g)), App: "app.x", Priority: g, Origin: origin("assign.hcl", g+2),
				Groups: []schema.GroupRef{{Address: schema.Address(fmt.Sprintf("group.g%d", g)), Origin: origin("assign.hcl", g+20)}},
			})
		}
		if rapid.IntRange(0, 2).Draw(t, label+" pushed") > 0 {
			cfg.PushGroups = append(cfg.PushGroups, drawPush(t, label, g))
		}
	}
	return cfg
}

func drawPerson(t *rapid.T, label string, i int) schema.User {
	u := schema.User{
		Address: schema.Address(fmt.Sprintf("user.u%d", i)), Login: fmt.Sprintf("u%d@x.com", i), Origin: origin("people.hcl", i+1),
		Status: rapid.SampledFrom([]schema.Status{
			schema.Active, schema.Active, schema.Active, schema.Active, schema.Staged, schema.LockedOut, schema.Suspended, schema.Deprovisioned,
		}).Draw(t, label+" status"),
	}
	if rapid.IntRange(0, 3).Draw(t, label+" renamed") == 0 {
		u.Login = fmt.Sprintf("r%d@x.com", i)
	}
	if name := rapid.SampledFrom([]string{"", "Ann", "Bo"}).Draw(t, label+" first name"); name != "" {
		u.Profile = append(u.Profile, schema.Attribute{Name: "first_name", Value: name})
	}
	if d := rapid.SampledFrom([]string{"", "eng", "ops"}).Draw(t, label+" department"); d != "" {
		u.Profile = append(u.Profile, schema.Attribute{Name: "department", Value: d})
	}
	return u
}

func drawGroup(t *rapid.T, label string, g int, members []schema.UserRef) schema.Group {
	b := schema.Group{
		Address: schema.Address(fmt.Sprintf("group.g%d", g)), Name: fmt.Sprintf("G%d", g), MembersSaid: true, Members: members, Origin: origin("groups.hcl", g+1),
	}
	for inc := range g {
		if rapid.IntRange(0, 4).Draw(t, label+" include") == 0 {
			b.IncludeGroups = append(b.IncludeGroups, schema.GroupRef{Address: schema.Address(fmt.Sprintf("group.g%d", inc)), Origin: origin("groups.hcl", 100+g*10+inc)})
		}
	}
	if rapid.IntRange(0, 3).Draw(t, label+" rule") == 0 {
		b.Rules = []schema.Rule{{Condition: attributeIs{"department", "eng"}, Origin: origin("groups.hcl", 200+g)}}
	}
	return b
}

func drawPush(t *rapid.T, label string, g int) schema.PushGroup {
	p := schema.PushGroup{
		Address: schema.Address(fmt.Sprintf("push_group.g%d", g)), Group: schema.GroupRef{Address: schema.Address(fmt.Sprintf("group.g%d", g))},
		Push: schema.Push{
			App: "app.x", AllowEmpty: true, Origin: origin("push.hcl", g+1),
			Additive: rapid.IntRange(0, 3).Draw(t, label+" additive") == 0,
			Inactive: rapid.IntRange(0, 5).Draw(t, label+" inactive") == 0,
		},
	}
	if rapid.IntRange(0, 3).Draw(t, label+" target name") == 0 {
		p.TargetName = fmt.Sprintf("T%d", g)
	}
	if rapid.IntRange(0, 2).Draw(t, label+" link") == 0 {
		p.Mode = schema.PushLink
	}
	return p
}

// drawRemote is a target before we knew it: some accounts of people of ours,
// strangers, and groups.
func drawRemote(t *rapid.T, caps Capabilities) *Remote {
	r := &Remote{Target: targetAddress, Identity: "https://t.example", Complete: true, Capabilities: caps}
	add := func(id, name string) {
		r.Users = append(r.Users, RemoteUser{ID: id, UserName: name, Active: rapid.Bool().Draw(t, "active")})
	}
	for i := range worldPeople {
		if rapid.IntRange(0, 4).Draw(t, "was there") == 0 {
			add(fmt.Sprintf("a%d", i), fmt.Sprintf("u%d@x.com", i))
		}
	}
	add("s0", "stranger0@x.com")
	add("s1", "stranger1@x.com")
	for g := range worldGroups {
		if rapid.IntRange(0, 3).Draw(t, "group was there") == 0 {
			r.Groups = append(r.Groups, RemoteGroup{ID: fmt.Sprintf("b%d", g), DisplayName: fmt.Sprintf("G%d", g), MembersKnown: true, Members: drawMembers(t, r)})
		}
	}
	r.Groups = append(r.Groups, RemoteGroup{ID: "z", DisplayName: "Strangers", MembersKnown: true, Members: drawMembers(t, r)})
	return r
}

func drawMembers(t *rapid.T, r *Remote) []uint32 {
	var ms []uint32
	for i := range r.Users {
		if rapid.IntRange(0, 2).Draw(t, "member there") == 0 {
			ms = append(ms, uint32(i))
		}
	}
	return ms
}

// drawDrift changes a few things at the target behind our back.
func drawDrift(t *rapid.T, r *Remote) *Remote {
	for range rapid.IntRange(0, 4).Draw(t, "edits") {
		u := rapid.IntRange(0, len(r.Users)-1).Draw(t, "user")
		g := rapid.IntRange(0, len(r.Groups)-1).Draw(t, "group")
		c := Change{Kind: KindUser, Action: Update, RemoteID: r.Users[u].ID, Requests: 1}
		member := []Member{{RemoteID: r.Users[u].ID}}
		switch rapid.IntRange(0, 5).Draw(t, "edit") {
		case 0:
			c.After = []schema.Value{{Path: pathActive, Value: !r.Users[u].Active}}
		case 1:
			c.After = []schema.Value{{Path: pathGivenName, Value: "Drifted"}}
		case 2:
			c.Kind, c.RemoteID, c.Members = KindGroup, r.Groups[g].ID, MemberChanges{Add: member}
		case 3:
			c.Kind, c.RemoteID, c.Members = KindGroup, r.Groups[g].ID, MemberChanges{Remove: member}
		case 4:
			if len(r.Users) > 2 {
				c.Action = Delete
			}
		case 5:
			c.Kind, c.RemoteID = KindGroup, r.Groups[g].ID
			c.After = []schema.Value{{Path: pathDisplayName, Value: "Renamed " + r.Groups[g].ID}}
		}
		r = Simulate(r, c)
	}
	return r
}
