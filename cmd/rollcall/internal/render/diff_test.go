package render

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// difference has a change of every kind; its names are name.
func difference(name string) Difference {
	login := name + "@acme.com"
	reason := func(code, text string, line uint32) []planner.Reason {
		return []planner.Reason{{Code: code, Text: text, Origin: at("access.hcl", line)}}
	}
	member := append(reason("assigned-by-group", "group.engineering is assigned by assignment.engineering", 12),
		reason("member-of-group", login+" is a member of group.engineering", 4)...)
	gone := []planner.Reason{{Code: "person-absent", Text: login + " is not declared"}}
	end := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	access := func(group string, before, after []planner.Reason) planner.AccessChange {
		return planner.AccessChange{Key: "user." + name, Login: login, App: "twingate", Group: group, Before: before, After: after}
	}
	return Difference{
		Base: Side{Revision: name, Commit: "0123456789abcdef0123456789abcdef01234567"},
		Difference: &planner.Difference{
			Losses:     []planner.AccessChange{access("", member, gone), access(name, member[1:], gone)},
			Gains:      []planner.AccessChange{access(name, gone, member[1:])},
			Attributes: []planner.AttributeChange{{Key: "user." + name, Login: login, App: "twingate", Path: "name.givenName", After: name, Origin: at("people.hcl", 7)}},
			Kept:       []planner.Kept{{Key: "user." + name, Login: login, App: "twingate", Left: gone, Through: member}},
			Withheld: []planner.WithheldChange{
				{Key: "user." + name, Login: login, App: "twingate", Group: name, Begins: true, Origin: at("people.hcl", 9)},
				{Key: "user." + name, Login: login, App: "twingate", Group: "Data", Origin: at("people.hcl", 10)}},
			Pushes: []planner.PushChange{
				{App: "twingate", Key: "group.a", Before: name, Origin: at("access.hcl", 20)},
				{App: "twingate", Key: "group.b", After: name, Origin: at("access.hcl", 21)},
				{App: "twingate", Key: "group.c", Before: name, After: "New", Origin: at("access.hcl", 22)}},
			Waivers: []planner.WaiverChange{
				{App: "twingate", Address: "waiver.berlin", Begins: true, Guard: "max-deactivations", Limit: "40", Expires: end, Reason: name, Origin: at("access.hcl", 30)},
				{App: "twingate", Address: "waiver.old", Ends: true, Protects: "user.bob", Expires: end, Reason: "left", Origin: at("access.hcl", 31)},
				{App: "twingate", Address: "waiver.over", Guard: "max-removals", Limit: "60%", Expires: end, Expired: true, Reason: "teams", Origin: at("access.hcl", 32)}},
		},
	}
}

func TestDiffIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	tests := map[string]Difference{
		"some": difference("bob"),
		"none": {
			Base: Side{Revision: "0123456", Commit: "0123456789abcdef"}, Head: Side{Revision: "HEAD", Commit: "fedcba9876543210"},
			Difference: &planner.Difference{},
		},
		"kept": {Base: Side{Revision: "main", Commit: "0123456789abcdef"}, Difference: &planner.Difference{Kept: difference("bob").Kept}},
	}
	for name, d := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := rendered(t, func(w io.Writer) error { return Diff(w, d, Style{}) })
			golden(t, "diff_"+name+".txt", text)
			wantNarrow(t, text, 80)
			golden(t, "diff_"+name+".md", rendered(t, func(w io.Writer) error { return DiffMarkdown(w, d) }))
			golden(t, "diff_"+name+".json", rendered(t, func(w io.Writer) error { return DiffJSON(w, d) }))
		})
	}
}

func TestDiffOfHostileNamesIsHarmless(t *testing.T) {
	t.Parallel()
	d := difference("a|b`<img>@team\x1b[2J\u202e\n# x")
	wantHarmless(t, rendered(t, func(w io.Writer) error { return Diff(w, d, Style{}) }))
	text := rendered(t, func(w io.Writer) error { return DiffMarkdown(w, d) })
	wantHarmless(t, text)
	for line := range strings.Lines(text) {
		if bars := strings.Count(line, "|") - strings.Count(line, `\|`); strings.HasPrefix(line, "|") && bars != 5 {
			t.Errorf("a row has %d bars, want 5: %s", bars, line)
		}
	}
}
