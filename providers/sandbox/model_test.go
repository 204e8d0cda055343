package sandbox_test

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// modelUser and modelGroup are all that the model knows of a resource.
type (
	modelUser  struct{ name, external, title string }
	modelGroup struct {
		name    string
		members map[string]bool
	}
)

// model says in plain maps what a service should hold.
type model struct {
	t      *rapid.T
	path   string
	c      *client
	users  map[string]modelUser
	groups map[string]modelGroup
	next   int
}

var (
	someName  = rapid.SampledFrom([]string{"anna", "Anna", "ANNA", "bert", "çelik", "Çelik", "dora"})
	someTitle = rapid.SampledFrom([]string{"", "Guide", `"quoted" \ title`, "é\u2028", "<&>"})
	someID    = rapid.SampledFrom([]string{"", "", "x1", "x2", "X1"})
)

func (m *model) newID() string { m.next++; return fmt.Sprintf("id%d", m.next) }

func (m *model) open() {
	s, err := sandbox.Open(sandbox.Options{Path: m.path, NoSync: true, NewID: m.newID})
	if err != nil {
		m.t.Fatal(err)
	}
	m.c.service = s
}

func (m *model) reopen() {
	if err := m.c.service.Close(); err != nil {
		m.t.Fatal(err)
	}
	m.open()
}

// taken says whether another user than id has the name or the external id.
func (m *model) taken(id string, u modelUser) bool {
	for other, o := range m.users {
		if other != id && (strings.EqualFold(o.name, u.name) || u.external != "" && o.external == u.external) {
			return true
		}
	}
	return false
}

func (m *model) drawUser() (modelUser, string) {
	u := modelUser{someName.Draw(m.t, "name"), someID.Draw(m.t, "external"), someTitle.Draw(m.t, "title")}
	body := fmt.Sprintf(`{"schemas":[%q],"userName":%s,"title":%s`, userURN, quote(u.name), quote(u.title))
	if u.external != "" {
		body += `,"externalId":` + quote(u.external)
	}
	return u, body + "}"
}

func (m *model) pick(label string, ids []string) (string, bool) {
	if len(ids) == 0 {
		return "", false
	}
	slices.Sort(ids)
	return rapid.SampledFrom(ids).Draw(m.t, label), true
}

func (m *model) anyUser() (string, bool) { return m.pick("user", slices.Collect(maps.Keys(m.users))) }

func (m *model) anyGroup() (string, bool) {
	return m.pick("group", slices.Collect(maps.Keys(m.groups)))
}

func (m *model) createUser() {
	u, body := m.drawUser()
	if m.taken("", u) {
		m.expect(409, "POST", "/Users", body)
		return
	}
	m.users[m.expect(201, "POST", "/Users", body).text("id")] = u
}

func (m *model) replaceUser() {
	id, ok := m.anyUser()
	if !ok {
		return
	}
	u, body := m.drawUser()
	if m.taken(id, u) {
		m.expect(409, "PUT", "/Users/"+id, body)
		return
	}
	m.expect(200, "PUT", "/Users/"+id, body)
	m.users[id] = u
}

func (m *model) retitle() {
	id, ok := m.anyUser()
	if !ok {
		return
	}
	u := m.users[id]
	u.title = someTitle.Draw(m.t, "title")
	m.expect(200, "PATCH", "/Users/"+id, patchBody(`{"op":"replace","path":"title","value":`+quote(u.title)+`}`))
	m.users[id] = u
}

func (m *model) deleteUser() {
	id, ok := m.anyUser()
	if !ok {
		return
	}
	m.expect(204, "DELETE", "/Users/"+id, "")
	delete(m.users, id)
	for _, g := range m.groups {
		delete(g.members, id)
	}
}

func (m *model) drawMembers() []string {
	ids := slices.Sorted(maps.Keys(m.users))
	if len(ids) == 0 {
		return nil
	}
	return rapid.SliceOfN(rapid.SampledFrom(ids), 0, 4).Draw(m.t, "members")
}

func (m *model) createGroup() {
	name, members := someName.Draw(m.t, "name"), m.drawMembers()
	id := m.expect(201, "POST", "/Groups", groupBody(name, members...)).text("id")
	m.groups[id] = modelGroup{name, set(members)}
}

func (m *model) replaceGroup() {
	id, ok := m.anyGroup()
	if !ok {
		return
	}
	name, members := someName.Draw(m.t, "name"), m.drawMembers()
	m.expect(200, "PUT", "/Groups/"+id, groupBody(name, members...))
	m.groups[id] = modelGroup{name, set(members)}
}

// changeMembers removes and adds in one request, in that order.
func (m *model) changeMembers() {
	id, ok := m.anyGroup()
	if !ok {
		return
	}
	var operations []string
	for _, gone := range m.drawMembers() {
		operations = append(operations, fmt.Sprintf(`{"op":"remove","path":"members[value eq \"%s\"]"}`, gone))
		delete(m.groups[id].members, gone)
	}
	for _, fresh := range m.drawMembers() {
		operations = append(operations, fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":%q}]}`, fresh))
		m.groups[id].members[fresh] = true
	}
	if len(operations) > 0 {
		m.expect(200, "PATCH", "/Groups/"+id, patchBody(operations...))
	}
}

func (m *model) deleteGroup() {
	id, ok := m.anyGroup()
	if !ok {
		return
	}
	m.expect(204, "DELETE", "/Groups/"+id, "")
	delete(m.groups, id)
}

// refused is a request that fails half way: nothing of it may be seen later.
func (m *model) refused() {
	id, ok := m.anyGroup()
	if !ok {
		return
	}
	m.expect(400, "PATCH", "/Groups/"+id, patchBody(`{"op":"remove","path":"members"}`, `{"op":"add","path":"members","value":[{"value":"nobody"}]}`))
}

func (m *model) expect(status int, method, path, body string) answer {
	a := m.c.do(method, path, body)
	if a.status != status {
		m.t.Fatalf("%s %s %s: status %d, want %d: %s", method, path, body, a.status, status, a.raw)
	}
	return a
}

func set(ids []string) map[string]bool {
	out := map[string]bool{}
	for _, id := range ids {
		out[id] = true
	}
	return out
}

func quote(s string) string { return string(mustJSON(s)) }

// check compares all that can be read with the model.
func (m *model) check(t *rapid.T) {
	m.t = t
	got, want := []string{}, []string{}
	for _, r := range m.expect(200, "GET", "/Users?count=1000", "").resources() {
		got = append(got, fmt.Sprint(r.text("id"), r.text("userName"), r.text("externalId"), r.text("title"), r.relations("groups")))
	}
	for _, id := range m.inOrder(slices.Collect(maps.Keys(m.users))) {
		u := m.users[id]
		want = append(want, fmt.Sprint(id, u.name, u.external, u.title, m.groupsOf(id)))
	}
	for _, r := range m.expect(200, "GET", "/Groups?count=1000", "").resources() {
		got = append(got, fmt.Sprint(r.text("id"), r.text("displayName"), r.relations("members")))
	}
	for _, id := range m.inOrder(slices.Collect(maps.Keys(m.groups))) {
		want = append(want, fmt.Sprint(id, m.groups[id].name, slices.Sorted(maps.Keys(m.groups[id].members))))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("what the service holds (-want +got):\n%s", diff)
	}
}

// inOrder sorts ids by when they were made.
func (m *model) inOrder(ids []string) []string {
	slices.SortFunc(ids, func(a, b string) int { return len(a)*100 - len(b)*100 + strings.Compare(a, b) })
	return ids
}

func (m *model) groupsOf(user string) []string {
	var out []string
	for id, g := range m.groups {
		if g.members[user] {
			out = append(out, id)
		}
	}
	slices.Sort(out)
	return out
}

// resources are those of a ListResponse.
func (a answer) resources() []answer {
	list, _ := a.body["Resources"].([]any)
	out := make([]answer, len(list))
	for i, r := range list {
		out[i].body = r.(map[string]any)
	}
	return out
}

// relations are the values of groups or members, sorted.
func (a answer) relations(name string) []string {
	var out []string
	list, _ := a.body[name].([]any)
	for _, e := range list {
		out = append(out, e.(map[string]any)["value"].(string))
	}
	slices.Sort(out)
	return out
}

func TestServiceHoldsWhatAModelInPlainMapsHolds(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	rounds := 0
	rapid.Check(t, func(r *rapid.T) {
		rounds++
		m := &model{t: r, path: filepath.Join(folder, fmt.Sprint(rounds)), c: &client{t: t}, users: map[string]modelUser{}, groups: map[string]modelGroup{}}
		m.open()
		defer func() { _ = m.c.service.Close() }()
		actions := map[string]func(*rapid.T){"": m.check}
		for name, act := range map[string]func(){
			"create user": m.createUser, "replace user": m.replaceUser, "retitle": m.retitle, "delete user": m.deleteUser,
			"create group": m.createGroup, "replace group": m.replaceGroup, "change members": m.changeMembers,
			"delete group": m.deleteGroup, "refused": m.refused, "reopen": m.reopen,
		} {
			actions[name] = func(t *rapid.T) { m.t = t; act() }
		}
		r.Repeat(actions)
	})
}

// Many clients at once change one group and read it. In the end every user is
// there once and a member, in memory and in the file.
func TestManyClientsAtOnce(t *testing.T) {
	t.Parallel()
	const workers, each = 8, 25
	path := filepath.Join(t.TempDir(), "sandbox.json")
	s, err := sandbox.Open(sandbox.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, service: s}
	g := c.group("Everybody")
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() { c.work(fmt.Sprint("worker", w), g, each) })
	}
	group.Go(func() {
		for range each {
			c.do("GET", search("/Users", fmt.Sprintf("groups.value eq %q", g)), "")
			c.do("GET", "/Groups?excludedAttributes=members", "")
			s.Inject(fault(t, "DELETE 503 once"))
			s.Requests()
		}
	})
	group.Wait()
	before := tree(c)
	if got := len(c.want(200, "GET", "/Groups/"+g, "").members()); got != workers*each {
		t.Errorf("%d members, want %d", got, workers*each)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(before, tree(open(t, sandbox.Options{Path: path}))); diff != "" {
		t.Errorf("after opening again (-before +after):\n%s", diff)
	}
}

// work creates users, all of which try for one name that only one can have, and
// makes them members.
func (c *client) work(name, group string, n int) {
	for i := range n {
		a := c.do("POST", "/Users", userBody(fmt.Sprint(name, "-", i)))
		c.do("PATCH", "/Groups/"+group, patchBody(fmt.Sprintf(`{"op":"add","path":"members","value":[{"value":%q}]}`, a.text("id"))))
		c.do("PATCH", "/Users/"+a.text("id"), patchBody(`{"op":"replace","path":"userName","value":"contested"}`))
	}
}
