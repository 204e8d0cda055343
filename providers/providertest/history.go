package providertest

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

// history is a service and, beside it, the model of what it must hold.
type history struct {
	t       testing.TB
	service Service
	// model is what planner.Simulate made of the changes so far. Its ids are
	// those of the creates; ids has the service's own for each.
	model *planner.Remote
	ids   map[string]string
	can   planner.Capabilities
	// paths are the attributes that the target takes.
	paths []string
	names int
	// last is the last change, as the model knows it.
	last *planner.Change
}

func newHistory(t testing.TB, rt fataler, s Service) *history {
	first, err := s.Target.Read(t.Context())
	if err != nil {
		rt.Fatalf("read the empty service: %v", err)
	}
	if len(first.Users)+len(first.Groups) > 0 {
		rt.Fatalf("the service is not empty: %d users, %d groups", len(first.Users), len(first.Groups))
	}
	h := &history{t: t, service: s, model: first, ids: map[string]string{}, can: first.Capabilities}
	if h.paths = h.can.LockedMapping; h.paths == nil {
		h.paths = []string{"displayName", `emails[type eq "work"].value`, "name.familyName", "name.givenName"}
	}
	return h
}

// fataler is what rapid's and testing's T have in common here.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func (h *history) name(what string) string {
	h.names++
	return fmt.Sprintf("%s-%d", what, h.names)
}

// text draws a value that a client must escape somewhere.
func text() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"Ann", "O'Neil", `"Bo" \ <b>`, "Zoë Ünal", "多", "a+b&c=d e", "[x eq \"y\"]", "100%"})
}

// do carries c out at the service and in the model, and counts its requests.
func (h *history) do(rt fataler, c planner.Change) {
	rt.Helper()
	c.Requests = 1
	before := h.writes()
	o, err := h.service.Target.Do(h.t.Context(), h.real(c))
	if err != nil {
		rt.Fatalf("%s %s %q: %v", c.Action, c.Kind, c.Name, err)
	}
	if len(o.Rejected) > 0 {
		rt.Fatalf("%s %s %q: rejected %v", c.Action, c.Kind, c.Name, o.Rejected)
	}
	if c.Action == planner.Create {
		if o.RemoteID == "" {
			rt.Fatalf("create %s %q: no id", c.Kind, c.Name)
		}
		h.ids[c.ID] = o.RemoteID
	}
	if got, want := h.writes()-before, h.fewest(&c); h.service.Writes != nil && got != want {
		rt.Fatalf("%s %s %q with %d members took %d writes, the fewest are %d",
			c.Action, c.Kind, c.Name, len(c.Members.Add)+len(c.Members.Remove), got, want)
	}
	h.model = planner.Simulate(h.model, c)
	h.last = &c
}

func (h *history) writes() int {
	if h.service.Writes == nil {
		return 0
	}
	return h.service.Writes()
}

// fewest is how many writes c takes at least, with m members in one request:
// ceil((adds+removes)/m) for a group, its POST carrying the first m.
func (h *history) fewest(c *planner.Change) int {
	m := h.can.MembersPerRequest
	batches := (len(c.Members.Add) + len(c.Members.Remove) + m - 1) / m
	switch {
	case c.Kind == planner.KindUser, c.Action == planner.Delete:
		return 1
	case c.Action == planner.Create && h.can.CreateWithMembers:
		return max(1, batches)
	case c.Action == planner.Create:
		return 1 + batches
	case len(c.After) > 0:
		return 1 + batches
	}
	return batches
}

// real is c with the service's ids in it.
func (h *history) real(c planner.Change) planner.Change {
	c.RemoteID = h.ids[c.RemoteID]
	c.Members.Add, c.Members.Remove = h.realMembers(c.Members.Add), h.realMembers(c.Members.Remove)
	return c
}

func (h *history) realMembers(members []planner.Member) []planner.Member {
	out := slices.Clone(members)
	for i := range out {
		out[i].RemoteID = h.ids[out[i].RemoteID]
	}
	return out
}

func (h *history) createUser(rt *rapid.T) {
	name := h.name("user") + "@acme.example"
	after := []schema.Value{{Path: "active", Value: true}, {Path: "externalId", Value: "00" + name}, {Path: "userName", Value: name}}
	for _, path := range h.paths {
		after = append(after, schema.Value{Path: path, Value: h.value(rt, path)})
	}
	h.do(rt, planner.Change{ID: "create " + name, Kind: planner.KindUser, Action: planner.Create, Key: name, Name: name,
		After: after, Link: planner.Link{ExternalID: "00" + name}})
}

func (h *history) value(rt *rapid.T, path string) string {
	if path == `emails[type eq "work"].value` {
		return h.name("mail") + "@acme.example"
	}
	return text().Draw(rt, path)
}

// user picks an account of the model.
func (h *history) user(rt *rapid.T) *planner.RemoteUser {
	if len(h.model.Users) == 0 {
		rt.Skip("nobody is there")
	}
	return &h.model.Users[rapid.IntRange(0, len(h.model.Users)-1).Draw(rt, "user")]
}

func (h *history) group(rt *rapid.T) *planner.RemoteGroup {
	if len(h.model.Groups) == 0 {
		rt.Skip("there is no group")
	}
	return &h.model.Groups[rapid.IntRange(0, len(h.model.Groups)-1).Draw(rt, "group")]
}

func (h *history) changeUser(rt *rapid.T) {
	u := h.user(rt)
	path := rapid.SampledFrom(append([]string{"userName"}, h.paths...)).Draw(rt, "path")
	before, after := schema.Value{Path: path, Value: u.UserName}, schema.Value{Path: path}
	if path == "userName" {
		after.Value = h.name("user") + "@acme.example"
	} else {
		before.Value = valueOf(u.Attributes, path)
		if path != `emails[type eq "work"].value` || before.Value == nil || rapid.Bool().Draw(rt, "keep") {
			after.Value = h.value(rt, path)
		}
	}
	h.do(rt, planner.Change{ID: "change", Kind: planner.KindUser, Action: planner.Update, Name: u.UserName, RemoteID: u.ID,
		Before: []schema.Value{before}, After: []schema.Value{after}})
}

func valueOf(values []schema.Value, path string) any {
	for _, v := range values {
		if v.Path == path {
			return v.Value
		}
	}
	return nil
}

func (h *history) switchUser(rt *rapid.T, a planner.Action, active bool) {
	u := h.user(rt)
	if active && h.can.DeactivateDeletes {
		rt.Skip("who is deactivated there is gone")
	}
	h.do(rt, planner.Change{ID: "switch", Kind: planner.KindUser, Action: a, Name: u.UserName, RemoteID: u.ID,
		Before: []schema.Value{{Path: "active", Value: u.Active}}, After: []schema.Value{{Path: "active", Value: active}}})
}

func (h *history) deleteUser(rt *rapid.T) {
	u := h.user(rt)
	h.do(rt, planner.Change{ID: "delete", Kind: planner.KindUser, Action: planner.Delete, Name: u.UserName, RemoteID: u.ID})
}

func (h *history) createGroup(rt *rapid.T) {
	name := h.name(text().Draw(rt, "name"))
	h.do(rt, planner.Change{ID: "create " + name, Kind: planner.KindGroup, Action: planner.Create, Key: name, Name: name,
		After: []schema.Value{{Path: "displayName", Value: name}}, Members: planner.MemberChanges{Add: h.some(rt, nil, "add")}})
}

func (h *history) renameGroup(rt *rapid.T) {
	g := h.group(rt)
	if h.can.NoGroupRename {
		rt.Skip("groups cannot be renamed there")
	}
	h.do(rt, planner.Change{ID: "rename", Kind: planner.KindGroup, Action: planner.Update, Name: g.DisplayName, RemoteID: g.ID,
		Before: []schema.Value{{Path: "displayName", Value: g.DisplayName}},
		After:  []schema.Value{{Path: "displayName", Value: h.name(text().Draw(rt, "name"))}}})
}

func (h *history) changeMembers(rt *rapid.T) {
	g := h.group(rt)
	remove := h.some(rt, func(i uint32) bool { return slices.Contains(g.Members, i) }, "remove")
	add := h.some(rt, func(i uint32) bool { return !slices.Contains(g.Members, i) }, "add")
	h.do(rt, planner.Change{ID: "members", Kind: planner.KindGroup, Action: planner.Update, Name: g.DisplayName, RemoteID: g.ID,
		Members: planner.MemberChanges{Add: add, Remove: remove}})
}

func (h *history) emptyGroup(rt *rapid.T) {
	g := h.group(rt)
	c := planner.Change{ID: "empty", Kind: planner.KindGroup, Action: planner.Empty, Name: g.DisplayName, RemoteID: g.ID}
	for _, i := range g.Members {
		c.Members.Remove = append(c.Members.Remove, h.member(i))
	}
	h.do(rt, c)
}

func (h *history) deleteGroup(rt *rapid.T) {
	g := h.group(rt)
	h.do(rt, planner.Change{ID: "delete", Kind: planner.KindGroup, Action: planner.Delete, Name: g.DisplayName, RemoteID: g.ID})
}

// repeat does the last change a second time: twice is as good as once.
func (h *history) repeat(rt *rapid.T) {
	if h.last == nil || h.last.Kind == planner.KindUser && h.last.Action != planner.Delete && valueOf(h.last.After, "active") == nil {
		rt.Skip("nothing to repeat")
	}
	c := *h.last
	c.RemoteID, c.Requests = h.ids[c.RemoteID], 1
	c.Members.Add, c.Members.Remove = h.realMembers(c.Members.Add), h.realMembers(c.Members.Remove)
	o, err := h.service.Target.Do(h.t.Context(), c)
	if err != nil || c.Action == planner.Create && o.RemoteID != h.ids[c.ID] {
		rt.Fatalf("%s %s %q for the second time: %+v, %v", c.Action, c.Kind, c.Name, o, err)
	}
}

// release ends our interest in an object, which the service never hears of.
func (h *history) release(rt *rapid.T) {
	u := h.user(rt)
	before := h.writes()
	if _, err := h.service.Target.Do(h.t.Context(), h.real(planner.Change{Kind: planner.KindUser, Action: planner.Release, RemoteID: u.ID})); err != nil {
		rt.Fatalf("release: %v", err)
	}
	if h.writes() != before {
		rt.Fatalf("a release was sent")
	}
}

// some draws accounts that fit; nil fits all.
func (h *history) some(rt *rapid.T, fit func(uint32) bool, label string) []planner.Member {
	var out []planner.Member
	for i := range uint32(len(h.model.Users)) {
		if (fit == nil || fit(i)) && rapid.Bool().Draw(rt, label) {
			out = append(out, h.member(i))
		}
	}
	return out
}

func (h *history) member(i uint32) planner.Member {
	u := &h.model.Users[i]
	return planner.Member{Name: u.UserName, RemoteID: u.ID}
}
