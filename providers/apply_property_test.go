package providers_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
)

// drawPlan draws a plan of people who are created and groups that gain and
// lose members, some of them new, with needs on changes before them.
func drawPlan(t *rapid.T) []planner.Change {
	var changes []planner.Change
	for i := range rapid.IntRange(0, 6).Draw(t, "leavers") {
		changes = append(changes, deactivateUser(fmt.Sprint("l", i)))
	}
	joiners := rapid.IntRange(0, 8).Draw(t, "joiners")
	for i := range joiners {
		c := createUser(fmt.Sprint("j", i))
		if i > 0 && rapid.IntRange(0, 4).Draw(t, "chained") == 0 {
			c.Needs = []string{fmt.Sprint("j", rapid.IntRange(0, i-1).Draw(t, "need"))}
		}
		changes = append(changes, c)
	}
	some := func(label string) (names []string) {
		for i := range joiners {
			if rapid.Bool().Draw(t, label) {
				names = append(names, fmt.Sprint("+j", i))
			}
		}
		for i := range 5 {
			if rapid.Bool().Draw(t, label) {
				names = append(names, fmt.Sprint("m", i))
			}
		}
		return names
	}
	var members []planner.Change
	for i := range rapid.IntRange(0, 8).Draw(t, "groups") {
		remove := slices.DeleteFunc(some("remove"), func(n string) bool { return n[0] == '+' })
		c := memberChange(fmt.Sprint("g", i), some("add"), remove)
		if rapid.Bool().Draw(t, "new") {
			made := memberChange(c.Key, nil, nil)
			made.ID, made.Action, made.Wave, made.RemoteID = c.ID+"/create", planner.Create, 3, ""
			changes = append(changes, made)
			c.Needs, c.RemoteID = append(c.Needs, made.ID), ""
		}
		members = append(members, c)
	}
	return append(changes, members...)
}

// TestWhateverFailsExactlyWhatCanBeDoneIsDone states the outcome of an apply
// without the executor: walking the plan in its order is enough.
func TestWhateverFailsExactlyWhatCanBeDoneIsDone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		changes := drawPlan(t)
		failing := map[string]error{}
		for _, c := range changes {
			if rapid.IntRange(0, 4).Draw(t, "fails") == 0 {
				failing[c.ID] = rapid.SampledFrom([]error{refused, errUnreachable}).Draw(t, "how")
			}
		}
		target := &script{answer: func(_ context.Context, c planner.Change) (planner.Outcome, error) {
			if err := failing[c.ID]; err != nil {
				return planner.Outcome{}, err
			}
			return planner.Outcome{RemoteID: "remote-" + c.Key}, nil
		}}
		opts := optionsFor(target)
		opts.Parallelism = rapid.IntRange(1, 6).Draw(t, "parallelism")
		opts.GiveUpAfter = len(changes) + 1
		r, err := providers.Apply(context.Background(), planOf(changes...), opts)
		if err != nil {
			t.Fatal(err)
		}
		expect(t, r, changes, failing)
		expectOrder(t, target, changes)
		expectJournal(t, opts.Journal.(*journal), r)
	})
}

// expect walks the plan: a change is done if it does not fail, and all it
// needs was done, but for creates of its members, who are left out then.
func expect(t *rapid.T, r *providers.Result, changes []planner.Change, failing map[string]error) {
	done := map[string]bool{}
	for i, c := range changes {
		var members []string
		for _, m := range c.Members.Add {
			if m.Change == "" || done[m.Change] {
				members = append(members, m.Name)
			}
		}
		blocked := slices.ContainsFunc(c.Needs, func(id string) bool { return !done[id] && !isMember(c, id) })
		idle := len(members) < len(c.Members.Add) && len(members)+len(c.Members.Remove) == 0
		want := providers.Done
		switch {
		case blocked, idle:
			want = providers.Skipped
		case failing[c.ID] != nil:
			want = providers.Failed
		}
		done[c.ID] = want == providers.Done
		if got := r.Changes[i]; got.Status != want {
			t.Errorf("%s: got %s (%v), want %s", c.ID, got.Status, got.Err, want)
		}
		if got := r.Changes[i]; done[c.ID] && !slices.Equal(names(got.Change.Members.Add), members) {
			t.Errorf("%s: got members %v, want %v", c.ID, names(got.Change.Members.Add), members)
		}
	}
}

func isMember(c planner.Change, id string) bool {
	return slices.ContainsFunc(c.Members.Add, func(m planner.Member) bool { return m.Change == id })
}

func names(members []planner.Member) (all []string) {
	for _, m := range members {
		all = append(all, m.Name)
	}
	return all
}

// expectOrder checks what was sent: nothing twice, no placeholder, every wave
// after the one before, and inside the fourth gains, mixed, losses.
func expectOrder(t *rapid.T, target *script, changes []planner.Change) {
	rank := map[string]int{}
	for _, c := range changes {
		rank[c.ID] = 10 * c.Wave
		if c.Wave == 4 && len(c.Members.Remove) > 0 {
			rank[c.ID]++
			if len(c.Members.Add) == 0 {
				rank[c.ID]++
			}
		}
	}
	highest := 0
	for i, id := range target.began {
		if slices.Contains(target.began[:i], id) {
			t.Errorf("%s was sent twice", id)
		}
		if rank[id] < highest {
			t.Errorf("%s was sent too late: %v", id, target.began)
		}
		highest = max(highest, rank[id])
		sent := target.sent[id]
		if sent.RemoteID == "" && sent.Action != planner.Create {
			t.Errorf("%s was sent without an id", id)
		}
		if slices.ContainsFunc(sent.Members.Add, func(m planner.Member) bool { return m.RemoteID == "" }) {
			t.Errorf("%s was sent with a member who has no id", id)
		}
	}
}

// expectJournal checks that everything sent has an intent, and an end unless
// nobody knows what became of it.
func expectJournal(t *rapid.T, j *journal, r *providers.Result) {
	var want []string
	for _, c := range r.Changes {
		switch id := c.Change.ID; {
		case c.Status == providers.Done:
			want = append(want, "intend "+id, "done "+id)
		case errors.Is(c.Err, refused) && c.Status == providers.Failed:
			want = append(want, "intend "+id, "fail "+id)
		case c.Status == providers.Failed:
			want = append(want, "intend "+id)
		}
	}
	got := slices.Clone(j.entries)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("journal: got %v, want %v", got, want)
	}
}
