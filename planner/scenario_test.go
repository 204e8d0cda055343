package planner

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

// TestScenarios plans every file of testdata/scenarios, compares what is said
// with what the file wants, carries the plan out, and plans again: nothing may
// be left to do.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/scenarios/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			t.Parallel()
			s := parseScenario(t, path)
			got := s.run(t)
			if diff := gocmp.Diff(got, s.want); diff != "" {
				if os.Getenv("UPDATE") != "" {
					s.update(t, path, got)
					return
				}
				t.Errorf("got -, want +\n%s", diff)
			}
		})
	}
}

// update writes what was said into the file, below its line "-- want --".
func (s *scenario) update(t *testing.T, path string, got []string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	given, _, _ := strings.Cut(string(data), "-- want --")
	text := strings.TrimRight(given, "\n") + "\n-- want --\n" + strings.Join(got, "\n") + "\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run returns what the plan says, line by line, and what is there after it.
func (s *scenario) run(t *testing.T) []string {
	t.Helper()
	facts := Facts{AsOf: asOf, Capabilities: map[schema.Address]Capabilities{targetAddress: s.caps}}
	if s.dir != nil {
		facts.Directories = map[schema.Address]*schema.Directory{s.dir.Address: s.dir}
	}
	d, found := Resolve(s.cfg, facts)
	if found.HasErrors() {
		return findingLines(found)
	}
	in := Input{Desired: d, State: &State{}, Only: s.only}
	remote := s.remote()
	s.own(in.State, d, remote)
	in.Remotes = map[schema.Address]*Remote{targetAddress: remote}
	plan, err := Compute(in)
	if err != nil {
		return []string{"refused: " + err.Error()}
	}
	checkPlan(t, plan)
	lines := append(changeLines(plan), findingLines(plan.Findings)...)
	for _, h := range plan.Held {
		lines = append(lines, fmt.Sprintf("held %s %s %s", h.Kind, short(h.Name), h.Code))
	}
	if !plan.Applyable {
		return append(lines, "blocked")
	}
	if s.cfg.Apps[0].ReportOnly {
		return append(lines, "reported")
	}
	in = applied(in, plan)
	again, err := Compute(in)
	if err != nil {
		t.Fatalf("plan again: %v", err)
	}
	if len(again.Changes) > 0 {
		t.Errorf("a second plan has changes: %q", changeLines(again))
	}
	if drift := DriftOf(in.State, in.Remotes); s.only == "" && s.caps.Members == MembersFull && s.cfg.Apps[0].Provisioning == schema.DefaultProvisioning && len(drift) > 0 {
		t.Errorf("drift right after an apply: %+v", drift)
	}
	return append(lines, endLines(in.Remotes[targetAddress])...)
}

// checkPlan holds what is true of every plan.
func checkPlan(t *testing.T, p *Plan) {
	t.Helper()
	ids := make(map[string]bool)
	for i := range p.Changes {
		c := &p.Changes[i]
		if len(c.Reasons) == 0 {
			t.Errorf("%s has no reason", c.ID)
		}
		if ids[c.ID] {
			t.Errorf("%s stands twice", c.ID)
		}
		ids[c.ID] = true
		for _, need := range c.Needs {
			if !ids[need] {
				t.Errorf("%s comes before what it needs, %s", c.ID, need)
			}
		}
		if i > 0 && p.Changes[i-1].Wave > c.Wave {
			t.Errorf("%s of wave %d comes after wave %d", c.ID, c.Wave, p.Changes[i-1].Wave)
		}
	}
}

// applied carries a plan out on copies of the remote and the state.
func applied(in Input, p *Plan) Input {
	remote := in.Remotes[targetAddress]
	state := cloneState(in.State)
	for _, c := range p.Changes {
		remote = Simulate(remote, c)
		c = settle(c)
		state.Record(c, Outcome{RemoteID: cmp.Or(c.RemoteID, c.ID), At: asOf})
	}
	state.Intents = nil
	in.State, in.Remotes = state, map[schema.Address]*Remote{targetAddress: remote}
	return in
}

// settle fills in the ids that an apply would know by now.
func settle(c Change) Change {
	c.Members.Add = slices.Clone(c.Members.Add)
	for i := range c.Members.Add {
		m := &c.Members.Add[i]
		m.RemoteID = cmp.Or(m.RemoteID, m.Change)
	}
	if c.RemoteID == "" && c.Action == Update {
		c.RemoteID = changeID(c.App, c.Kind, c.Key, string(Create))
	}
	return c
}

func cloneState(s *State) *State {
	c := *s
	c.Apps = slices.Clone(s.Apps)
	for i := range c.Apps {
		a := &c.Apps[i]
		a.Users, a.Groups, a.History = slices.Clone(a.Users), slices.Clone(a.Groups), slices.Clone(a.History)
		for j := range a.Groups {
			a.Groups[j].Members = slices.Clone(a.Groups[j].Members)
		}
	}
	return &c
}

// short leaves out what all names of the scenarios have in common.
func short(name string) string { return strings.ReplaceAll(name, "@x.com", "") }

func changeLines(p *Plan) []string {
	var lines []string
	for i := range p.Changes {
		c := &p.Changes[i]
		line := fmt.Sprintf("%d %s %s %s", c.Wave, c.Action, c.Kind, short(c.Name))
		if c.Action != Create && c.Action != Release {
			for j := range c.After {
				var before any
				if j < len(c.Before) {
					before = c.Before[j].Value
				}
				line += fmt.Sprintf(" %s:%s->%s", c.After[j].Path, text(before), text(c.After[j].Value))
			}
		}
		for _, m := range c.Members.Add {
			line += " +" + short(m.Name)
		}
		for _, m := range c.Members.Remove {
			line += " -" + short(m.Name)
		}
		if c.Drift {
			line += " (drift)"
		}
		if c.Requests == 0 {
			line += " (state)"
		} else if c.Requests > 1 {
			line += fmt.Sprintf(" (%d requests)", c.Requests)
		}
		lines = append(lines, line)
	}
	for _, w := range p.Withheld {
		lines = append(lines, fmt.Sprintf("withheld %s %s %s", w.Group, short(w.Login), w.Missing))
	}
	return lines
}

func text(v any) string {
	if v == nil {
		return "-"
	}
	return short(strings.ReplaceAll(fmt.Sprint(v), " ", "_"))
}

func findingLines(ds schema.Diagnostics) []string {
	var lines []string
	for i := range ds {
		lines = append(lines, fmt.Sprintf("%s %s", ds[i].Severity, ds[i].Code))
	}
	slices.Sort(lines)
	return slices.Compact(lines)
}

// endLines say what is at the target, in the vectors' own notation.
func endLines(r *Remote) []string {
	lines := []string{}
	for i := range r.Users {
		sign := "-"
		if r.Users[i].Active {
			sign = "+"
		}
		lines = append(lines, short(r.Users[i].UserName)+sign)
	}
	for i := range r.Groups {
		g := &r.Groups[i]
		names := slices.Clone(g.Foreign)
		for _, m := range g.Members {
			names = append(names, short(r.Users[m].UserName))
		}
		slices.Sort(names)
		lines = append(lines, g.DisplayName+"{"+strings.Join(names, ",")+"}")
	}
	slices.Sort(lines)
	return []string{strings.Join(append([]string{"end:"}, lines...), " ")}
}

// remote builds the target: an account has the attributes that the default
// mapping gives its person unless the line says otherwise.
func (s *scenario) remote() *Remote {
	r := &Remote{Target: targetAddress, Identity: "https://t.example", Complete: true, Capabilities: s.caps, Unstable: s.unstable}
	for i, w := range s.accounts {
		name := login(w.at[0])
		u := RemoteUser{ID: cmp.Or(w.pairs["id"], fmt.Sprintf("u%02d", i)), UserName: name, Active: w.at[1] == "+", ExternalID: name}
		if id, ok := w.pairs["external"]; ok {
			u.ExternalID = id
		}
		u.Attributes = s.attributesOf(w)
		r.Users = append(r.Users, u)
	}
	slices.SortFunc(r.Users, func(a, b RemoteUser) int { return cmp.Compare(a.ID, b.ID) })
	for i, w := range s.groups {
		g := RemoteGroup{ID: cmp.Or(w.pairs["id"], fmt.Sprintf("g%02d", i)), DisplayName: w.at[0], MembersKnown: s.caps.Members != MembersWriteOnly}
		for _, name := range w.at[1:] {
			at := slices.IndexFunc(r.Users, func(u RemoteUser) bool { return u.UserName == login(name) })
			switch {
			case name == "owned" || name == "protected":
			case at < 0 && g.MembersKnown:
				g.Foreign = append(g.Foreign, name)
			case g.MembersKnown:
				g.Members = append(g.Members, uint32(at))
			}
		}
		slices.Sort(g.Members)
		r.Groups = append(r.Groups, g)
	}
	return r
}

// attributesOf are an account's attributes: those of the person who has it,
// changed by what the line says.
func (s *scenario) attributesOf(w words) []schema.Value {
	var vs []schema.Value
	set := func(path string, v any) {
		if v = cleared(v); v != nil {
			vs = assign(vs, schema.Value{Path: path, Value: v})
		}
	}
	u := &schema.User{Login: login(cmp.Or(w.pairs["of"], w.at[0]))}
	for i := range s.cfg.Users {
		if schema.Fold(s.cfg.Users[i].Login) == schema.Fold(u.Login) || string(s.cfg.Users[i].Address) == "user."+w.pairs["of"] {
			u = &s.cfg.Users[i]
		}
	}
	for _, e := range defaultMapping {
		if v, said := w.pairs[e.path]; said {
			set(e.path, v)
		} else if v, said := w.pairs["email"]; said && e.path == pathWorkEmail {
			set(e.path, v)
		} else if s.caps.LockedMapping == nil || slices.Contains(s.caps.LockedMapping, e.path) {
			set(e.path, e.of(u))
		}
	}
	if v, said := w.pairs["title"]; said {
		set("title", v)
	}
	return vs
}

// own makes the state of what the target lines call owned: as if an earlier
// apply had left it just so, unless the line says otherwise.
func (s *scenario) own(state *State, d *Desired, r *Remote) {
	a := AppState{App: "x", Identity: r.Identity, History: s.history, Terms: termsOf(s.lastGuard())}
	for i, w := range s.accounts {
		if !slices.Contains(w.at, "owned") {
			continue
		}
		id := cmp.Or(w.pairs["id"], fmt.Sprintf("u%02d", i))
		at, _ := r.UserAt(id)
		u := &r.Users[at]
		l := UserLink{
			Key: "user." + cmp.Or(w.pairs["of"], strings.Split(w.at[0], "@")[0]), RemoteID: id, ExternalID: u.ExternalID, UserName: u.UserName, Active: u.Active,
			Attributes: u.Attributes, Origin: schema.Origin{File: "before.hcl", Line: 7}, OnUnassign: schema.OnUnassign(w.pairs["on_unassign"]),
		}
		if k := w.pairs["key"]; k != "" {
			l.Key = k
		}
		if p, ok := d.personByKey(l.Key); ok && u.Active {
			l.Source = d.Apps[0].Source(p)
		}
		if src, ok := w.pairs["source"]; ok {
			l.Source = Source(src)
		}
		if v, ok := w.pairs["wrote.title"]; ok {
			l.Attributes = assign(slices.Clone(l.Attributes), schema.Value{Path: "title", Value: cleared(v)})
		}
		if v, ok := w.pairs["wrote.active"]; ok {
			l.Active = v == "+"
		}
		l.Protected = slices.Contains(w.at, "protected")
		a.Users = append(a.Users, l)
	}
	for i, w := range s.groups {
		if slices.Contains(w.at, "owned") {
			a.Groups = append(a.Groups, s.ownGroup(i, w, d, r))
		}
	}
	slices.SortFunc(a.Users, func(a, b UserLink) int { return cmp.Compare(a.Key, b.Key) })
	slices.SortFunc(a.Groups, func(a, b GroupLink) int { return cmp.Compare(a.Key, b.Key) })
	if len(a.Users)+len(a.Groups)+len(a.History) > 0 {
		state.Apps = []AppState{a}
	}
	state.Intents = s.intents
	s.lose(r)
}

func (s *scenario) ownGroup(i int, w words, d *Desired, r *Remote) GroupLink {
	key := "group." + cmp.Or(w.pairs["of"], w.at[0])
	l := GroupLink{
		Key: key, Push: "push_group." + strings.TrimPrefix(key, "group."), RemoteID: cmp.Or(w.pairs["id"], fmt.Sprintf("g%02d", i)),
		DisplayName: w.at[0], Pushed: w.pairs["pushed"] != "no", OnUnpush: cmp.Or(schema.OnUnpush(w.pairs["on_unpush"]), schema.UnpushEmpty),
		Origin: schema.Origin{File: "before.hcl", Line: 9}, Additive: w.pairs["additive"] == "yes",
	}
	for j := range d.Apps[0].Pushes {
		p := &d.Apps[0].Pushes[j]
		if d.Groups[p.Group].Key == key {
			l.Push, l.Additive = string(p.Block), p.Additive
			if w.pairs["on_unpush"] == "" {
				l.OnUnpush = p.OnUnpush
			}
		}
	}
	if p := w.pairs["push"]; p != "" {
		l.Push = p
	}
	l.Protected = slices.Contains(w.at, "protected")
	if full := w.pairs["full"]; full != "" {
		l.FullMembers, _ = strconv.Atoi(full)
		l.FullAt = asOf.Add(-time.Hour)
	}
	members := w.at[1:]
	if ours, ok := w.pairs["ours"]; ok {
		members = strings.Split(ours, ",")
	}
	for _, name := range members {
		at := slices.IndexFunc(r.Users, func(u RemoteUser) bool { return u.UserName == login(name) })
		if at >= 0 {
			l.Members = append(l.Members, r.Users[at].ID)
		}
	}
	slices.Sort(l.Members)
	if n := w.pairs["named"]; n != "" {
		l.DisplayName = n
	}
	return l
}

// lastGuard is the guard of the last apply: today's, unless a line says otherwise.
func (s *scenario) lastGuard() *schema.Guard {
	if s.last != nil {
		return s.last
	}
	return &s.cfg.Apps[0].Guard
}

// lose takes out of the target what a line calls lost: it is in the state alone.
func (s *scenario) lose(r *Remote) {
	for i, w := range s.accounts {
		if slices.Contains(w.at, "lost") {
			*r = *Simulate(r, Change{Kind: KindUser, Action: Delete, RemoteID: cmp.Or(w.pairs["id"], fmt.Sprintf("u%02d", i)), Requests: 1})
		}
	}
	for i, w := range s.groups {
		if w.pairs["lost"] == "yes" {
			*r = *Simulate(r, Change{Kind: KindGroup, Action: Delete, RemoteID: cmp.Or(w.pairs["id"], fmt.Sprintf("g%02d", i)), Requests: 1})
		}
	}
}

// TestEveryVectorIsHeld checks that no vector was lost: each id of the list has
// a scenario, or says where else it is held.
func TestEveryVectorIsHeld(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile("testdata/vectors.txt")
	if err != nil {
		t.Fatal(err)
	}
	seen := make(map[string]bool)
	for _, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		if strings.HasPrefix(line, "#") {
			continue
		}
		id, elsewhere, _ := strings.Cut(line, " ")
		if seen[id] {
			t.Errorf("%s stands twice", id)
		}
		seen[id] = true
		files := []string{id + ".txt"}
		if id == "S21a-d" {
			files = []string{"S21a.txt", "S21b.txt", "S21c.txt", "S21d.txt"}
		}
		for _, f := range files {
			if _, err := os.Stat(filepath.Join("testdata/scenarios", f)); (err == nil) == (elsewhere != "") {
				t.Errorf("%s: scenario there: %v; held elsewhere: %q", id, err == nil, elsewhere)
			}
		}
	}
	if len(seen) != 118 {
		t.Errorf("got %d vectors, want 118", len(seen))
	}
}
