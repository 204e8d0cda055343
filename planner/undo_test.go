package planner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/schema"
)

// settledOf are the changes of p as an apply records them.
func settledOf(p *Plan) []Settled {
	var all []Settled
	for _, c := range p.Changes {
		c = settle(c)
		all = append(all, Settled{Change: c, Outcome: Outcome{RemoteID: cmp.Or(c.RemoteID, c.ID), At: asOf}})
	}
	return all
}

func mustUndo(t fataler, in Input, done *Plan) *Plan {
	t.Helper()
	p, err := ComputeUndo(in, Undo{ID: "one", Who: "ann@ci", At: asOf, Changes: settledOf(done)})
	if err != nil {
		t.Fatalf("undo: %v", err)
	}
	return p
}

// history is a target before an apply, after it, after somebody edited it, and
// after the undo.
type past struct{ before, after, edited, undone *Remote }

// valueIn is what an account has at path; nil where there is no such account.
func valueIn(r *Remote, id, path string) any {
	at, ok := r.UserAt(id)
	if !ok {
		return nil
	}
	return cleared(r.Users[at].value(path))
}

func memberIn(r *Remote, group, user string) bool {
	at, ok := r.GroupAt(group)
	return ok && r.hasMember(at, user)
}

// wantValue says what an undo must leave: what was before, where the apply
// changed it and nobody else since.
func wantValue[T any](before, after, edited T, same func(a, b T) bool) T {
	if !same(before, after) && same(after, edited) {
		return before
	}
	return edited
}

func sameAny(a, b any) bool   { return SameValue(a, b) }
func sameBool(a, b bool) bool { return a == b }

func (h past) check(t fataler) {
	t.Helper()
	if len(h.undone.Users) != len(h.edited.Users) || len(h.undone.Groups) != len(h.edited.Groups) {
		t.Fatalf("the undo made or deleted something: %d users of %d, %d groups of %d",
			len(h.undone.Users), len(h.edited.Users), len(h.undone.Groups), len(h.edited.Groups))
	}
	for _, u := range h.edited.Users {
		h.checkUser(t, u.ID)
	}
	for _, g := range h.edited.Groups {
		h.checkGroup(t, g.ID)
	}
}

func (h past) checkUser(t fataler, id string) {
	t.Helper()
	_, was := h.before.UserAt(id)
	paths := []string{pathUserName, pathActive, pathExternalID}
	for _, r := range []*Remote{h.before, h.after, h.edited} {
		if at, ok := r.UserAt(id); ok {
			for _, v := range r.Users[at].Attributes {
				paths = append(paths, v.Path)
			}
		}
	}
	for _, path := range paths {
		want := wantValue(valueIn(h.before, id, path), valueIn(h.after, id, path), valueIn(h.edited, id, path), sameAny)
		_, made := h.after.UserAt(id)
		switch {
		case !was && made && path == pathActive:
			want = false
		case !was, path == pathExternalID:
			want = valueIn(h.edited, id, path)
		}
		if got := valueIn(h.undone, id, path); !SameValue(got, want) {
			t.Fatalf("%s of %s: got %v, want %v", path, id, got, want)
		}
	}
}

func (h past) checkGroup(t fataler, id string) {
	t.Helper()
	name := func(r *Remote) string {
		at, ok := r.GroupAt(id)
		if !ok {
			return ""
		}
		return r.Groups[at].DisplayName
	}
	want := name(h.edited)
	if name(h.before) != "" {
		want = wantValue(name(h.before), name(h.after), name(h.edited), func(a, b string) bool { return a == b })
	}
	if got := name(h.undone); got != want {
		t.Fatalf("name of %s: got %q, want %q", id, got, want)
	}
	for _, u := range h.edited.Users {
		want := wantValue(memberIn(h.before, id, u.ID), memberIn(h.after, id, u.ID), memberIn(h.edited, id, u.ID), sameBool)
		if want && valueIn(h.undone, u.ID, pathActive) == false {
			want = memberIn(h.edited, id, u.ID)
		}
		if got := memberIn(h.undone, id, u.ID); got != want {
			t.Fatalf("%s in %s: got %v, want %v", u.ID, id, got, want)
		}
	}
}

func TestUndoLeavesWhatWasBefore(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		done := mustCompute(t, w.in)
		after := applied(w.in, done)
		undo := mustUndo(t, after, done)
		if len(undo.Held) > 0 {
			return
		}
		past{remoteOf(w.in), remoteOf(after), remoteOf(after), remoteOf(applied(after, undo))}.check(t)
	})
}

func TestUndoTouchesNothingThatWasChangedSince(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		done := mustCompute(t, w.in)
		after := applied(w.in, done)
		edited := after
		edited.Remotes = map[schema.Address]*Remote{targetAddress: drawDrift(t, remoteOf(after))}
		undo := mustUndo(t, edited, done)
		if len(undo.Held) > 0 {
			return
		}
		past{remoteOf(w.in), remoteOf(after), remoteOf(edited), remoteOf(applied(edited, undo))}.check(t)
	})
}

func TestUndoLeavesANameThatSomebodyElseGaveSince(t *testing.T) {
	t.Parallel()
	rename := Settled{Change: Change{
		App: "x", Kind: KindGroup, Key: "group.g", Name: "old", RemoteID: "g1", Action: Update, Requests: 1,
		Before: []schema.Value{{Path: pathDisplayName, Value: "old"}}, After: []schema.Value{{Path: pathDisplayName, Value: "new"}},
	}, Outcome: Outcome{RemoteID: "g1"}}
	for now, want := range map[string]int{"new": 1, "elsewhere": 0} {
		in := rapid.Custom(drawWorld).Example(1).in
		app := in.Desired.Config.Apps[0]
		rename.Change.App = app.Name
		in.Remotes = map[schema.Address]*Remote{app.Target: {
			Target: app.Target, Complete: true, Capabilities: remoteOf(in).Capabilities,
			Groups: []RemoteGroup{{ID: "g1", DisplayName: now, MembersKnown: true}},
		}}
		in.State = &State{Apps: []AppState{{App: app.Name, Groups: []GroupLink{{Key: "group.g", RemoteID: "g1", DisplayName: "new"}}}}}
		p, err := ComputeUndo(in, Undo{ID: "one", Changes: []Settled{rename}})
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Changes) != want {
			t.Errorf("called %q now: %d changes, want %d: %v", now, len(p.Changes), want, changeLines(p))
		}
	}
}

func TestUndoTwiceIsAsGoodAsOnce(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		done := mustCompute(t, w.in)
		after := applied(w.in, done)
		once := applied(after, mustUndo(t, after, done))
		equal(t, "second undo", changeLines(&Plan{Changes: mustUndo(t, once, done).Changes}), []string(nil))
	})
}

func TestUndoIsTakenBackByTheNextApplyAndSaysSo(t *testing.T) {
	check(t, func(t *rapid.T, w world) {
		done := mustCompute(t, w.in)
		after := applied(w.in, done)
		undo := mustUndo(t, after, done)
		said := slices.ContainsFunc(undo.Findings, func(d schema.Diagnostic) bool { return d.Code == "undo-returns" })
		again := mustCompute(t, applied(after, undo))
		sends := slices.ContainsFunc(again.Changes, func(c Change) bool { return c.Requests > 0 })
		if sends && !said && len(undo.Changes) > 0 {
			t.Fatalf("the next apply has %v, and the undo did not say that it is taken back", changeLines(again))
		}
	})
}

func TestUndoIsHeldByGuards(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawWorld(t)
		done := mustCompute(t, w.in)
		after := applied(w.in, done)
		for i := range after.Desired.Apps {
			app := *after.Desired.Apps[i].App
			app.Guard.MaxDeactivations, app.Guard.Floor = schema.Limit{}, 0
			after.Desired.Apps[i].App = &app
		}
		undo := mustUndo(t, after, done)
		deactivates := slices.ContainsFunc(undo.Changes, func(c Change) bool { return c.Action == Deactivate })
		if deactivates && undo.Applyable {
			t.Fatalf("the undo deactivates, and no guard blocks it: %s", strings.Join(changeLines(undo), "\n"))
		}
	})
}

func TestWhatWasDeletedIsSaidToStayDeleted(t *testing.T) {
	t.Parallel()
	w := rapid.Custom(drawWorld).Example(1)
	in := w.in
	gone := Settled{
		Change:  Change{App: "x", Kind: KindUser, Key: "user.zed", Name: "zed@x.com", RemoteID: "gone", Action: Delete, Requests: 1},
		Outcome: Outcome{RemoteID: "gone"},
	}
	p, err := ComputeUndo(in, Undo{ID: "one", Changes: []Settled{gone}})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Changes) != 0 {
		t.Errorf("changes: got %v, want none", changeLines(p))
	}
	if i := slices.IndexFunc(p.Findings, func(d schema.Diagnostic) bool { return d.Code == "not-undone" }); i < 0 || !strings.Contains(p.Findings[i].Detail, "was deleted") {
		t.Errorf("findings: got %v, want one that says it was deleted", fmt.Sprint(p.Findings))
	}
}

// Whoever was released since is not ours to set back, though they are still there.
func TestUndoLeavesWhatIsNotOwnedAnyMore(t *testing.T) {
	t.Parallel()
	in := rapid.Custom(drawWorld).Example(1).in
	app := in.Desired.Config.Apps[0]
	in.Remotes = map[schema.Address]*Remote{app.Target: {
		Target: app.Target, Complete: true, Capabilities: remoteOf(in).Capabilities,
		Users:  []RemoteUser{{ID: "u1", UserName: "ann@x.com"}},
		Groups: []RemoteGroup{{ID: "g1", DisplayName: "new", MembersKnown: true}},
	}}
	in.State = &State{Apps: []AppState{{App: app.Name}}}
	did := func(kind Kind, key, id, path string, before, after any) Settled {
		return Settled{Outcome: Outcome{RemoteID: id}, Change: Change{
			App: app.Name, Kind: kind, Key: key, Name: key, RemoteID: id, Action: Update, Requests: 1,
			Before: []schema.Value{{Path: path, Value: before}}, After: []schema.Value{{Path: path, Value: after}},
		}}
	}
	p, err := ComputeUndo(in, Undo{ID: "one", Changes: []Settled{
		did(KindUser, "user.ann", "u1", pathActive, true, false), did(KindGroup, "group.g", "g1", pathDisplayName, "old", "new"),
	}})
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, d := range p.Findings {
		if d.Code == "not-undone" && strings.Contains(d.Detail, "not owned any more") {
			said++
		}
	}
	if len(p.Changes) != 0 || said != 2 {
		t.Errorf("changes %v, findings %v; want none, and both said to be not owned", changeLines(p), p.Findings)
	}
}
