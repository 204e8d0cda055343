package auditlog_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/auditlog"
	"github.com/rollcall-dev/rollcall/schema"
)

var at = time.Date(2026, 11, 2, 9, 30, 0, 0, time.UTC)

// records are an apply with all that a log can say, and a note.
func records() []auditlog.Record {
	deactivate := planner.Change{
		ID: "vpn/user/user.bob/deactivate", App: "vpn", Kind: planner.KindUser, Key: "user.bob", Name: "bob@acme.com\u202e", RemoteID: "u1",
		Action: planner.Deactivate, Wave: 1, Requests: 1,
		Before: []schema.Value{{Path: "active", Value: true}}, After: []schema.Value{{Path: "active", Value: false}},
		Reasons: []planner.Reason{{Code: "unassigned", Text: "no assignment reaches bob", Origin: schema.Origin{File: "people.hcl", Line: 4}}},
	}
	group := planner.Change{
		ID: "vpn/group/group.eng/update", App: "vpn", Kind: planner.KindGroup, Key: "group.eng", Name: "Eng", RemoteID: "g1", Action: planner.Update,
		Wave: 4, Requests: 1, Members: planner.MemberChanges{Remove: []planner.Member{{Name: "bob@acme.com", Key: "user.bob", RemoteID: "u1"}}},
		Link: planner.Link{Name: "Eng", Pushed: true, Push: "push_group.eng"},
	}
	return []auditlog.Record{
		{Kind: auditlog.Begin, Apply: "one", At: at, Run: &auditlog.Run{
			Operation: "apply", Who: "ann@ci", CI: "https://ci.example/1", Version: "1.2.3", Fingerprint: "rc1:00", Only: "app.vpn",
			Config: planner.ConfigInput{Commit: "abc", Dirty: true, Digest: "sha256:00"}, State: planner.StateInput{Lineage: "l", Serial: 7},
			Plan:   auditlog.Counts{Changed: 1, Destroyed: 1, Requests: 2},
			Guards: []planner.GuardResult{{App: "vpn", Code: "max-removals", Count: 4, Allowed: 9, Owned: 10, Waiver: "waiver.x", Reason: "moving"}},
		}},
		{Kind: auditlog.ChangeEnded, Apply: "one", At: at, Change: &auditlog.Change{
			Change: deactivate, Status: auditlog.Confirmed, Took: 20 * time.Millisecond,
			Outcome: planner.Outcome{RemoteID: "u1", At: at, Receipts: []planner.Receipt{{Status: 200, RequestID: "r-1"}}},
		}},
		{Kind: auditlog.ChangeEnded, Apply: "one", At: at, Change: &auditlog.Change{
			Change: group, Status: auditlog.Failed, Error: "PATCH /Groups/g1: status 500",
			Outcome: planner.Outcome{At: at, Rejected: []planner.RejectedMember{{Member: planner.Member{Name: "eve@acme.com", RemoteID: "u9"}, Detail: "unknown"}}},
		}},
		{Kind: auditlog.End, Apply: "one", At: at, Ended: &auditlog.Ended{Result: auditlog.Partly, Counts: auditlog.Counts{Destroyed: 1}, Error: "stopped", Took: time.Second}},
		{Kind: auditlog.Note, Apply: "two", At: at, Run: &auditlog.Run{Operation: "state mv", Detail: "user.a to user.b", Who: "ann@ci", State: planner.StateInput{Lineage: "l", Serial: 8}}},
	}
}

// written is the log of records, line by line.
func written(t *testing.T) []string {
	t.Helper()
	var head auditlog.Head
	var lines []string
	for _, r := range records() {
		line, next, err := head.Append(nil, []auditlog.Record{r})
		if err != nil {
			t.Fatal(err)
		}
		head, lines = next, append(lines, string(line))
	}
	return lines
}

// read reads a log whole, and the first break in it.
func read(t *testing.T, log string) (all []auditlog.Record, broken *auditlog.BrokenError) {
	t.Helper()
	in := auditlog.NewReader(strings.NewReader(log))
	for {
		r, _, err := in.Next()
		if errors.Is(err, io.EOF) {
			return all, broken
		}
		if b := (*auditlog.BrokenError)(nil); err != nil && (!errors.As(err, &b) || broken == nil) {
			broken = b
			if b == nil {
				t.Fatal(err)
			}
		}
		all = append(all, r)
	}
}

func TestRecordsAreReadAsTheyWereWritten(t *testing.T) {
	t.Parallel()
	got, broken := read(t, strings.Join(written(t), ""))
	if broken != nil {
		t.Fatal(broken)
	}
	want := records()
	if d := cmp.Diff(want, got, cmpopts.IgnoreFields(auditlog.Record{}, "Seq", "Prev"), cmpopts.EquateEmpty()); d != "" {
		t.Errorf("records (-want +got):\n%s", d)
	}
	if strings.Contains(strings.Join(written(t), ""), "\u202e") {
		t.Error("a hidden character stands in the log as it is")
	}
}

func TestWhateverIsDoneToALogIsNoticed(t *testing.T) {
	t.Parallel()
	lines := written(t)
	join := func(parts ...string) string { return strings.Join(parts, "") }
	forged, _, err := auditlog.Head{Seq: 1}.Append(nil, records()[1:2])
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		log  string
		line uint64
	}{
		"a value altered":            {join(lines[0], strings.Replace(lines[1], "user.bob", "user.eve", 1), lines[2]), 2},
		"a space added":              {join(lines[0], strings.Replace(lines[1], `"seq":`, `"seq": `, 1), lines[2]), 2},
		"the first line taken out":   {join(lines[1:]...), 1},
		"a line taken out":           {join(lines[0], lines[2]), 2},
		"a line twice":               {join(lines[0], lines[1], lines[1]), 3},
		"two lines swapped":          {join(lines[0], lines[2], lines[1]), 2},
		"a line replaced with hash":  {join(lines[0], string(forged), lines[2]), 2},
		"a line that is none":        {join(lines[0], "nonsense\n", lines[1]), 2},
		"half a line before the end": {join(lines[0], lines[1][:40]+"\n", lines[2]), 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, broken := read(t, test.log)
			if broken == nil || broken.Line != test.line {
				t.Errorf("broken: got %v, want line %d", broken, test.line)
			}
		})
	}
}

func TestHalfALineAtTheEndIsNoRecord(t *testing.T) {
	t.Parallel()
	lines := written(t)
	got, broken := read(t, lines[0]+lines[1][:len(lines[1])-1])
	if broken != nil || len(got) != 1 {
		t.Errorf("got %d records and %v, want 1 and no break", len(got), broken)
	}
}

func TestNothingIsAppendedBehindAnAlteredEnd(t *testing.T) {
	t.Parallel()
	lines := written(t)
	if _, head, err := auditlog.Last([]byte(lines[0] + lines[1])); err != nil || head.Seq != 2 {
		t.Errorf("head of what stands: got %+v, %v", head, err)
	}
	if _, _, err := auditlog.Last([]byte(strings.Replace(lines[1], "user.bob", "user.eve", 1))); err == nil {
		t.Error("an altered end: got no error")
	}
}

func TestFilterChooses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		filter auditlog.Filter
		want   []string
	}{
		"everything":              {auditlog.Filter{}, []string{"one", "two"}},
		"the last":                {auditlog.Filter{Last: 1}, []string{"two"}},
		"an id's beginning":       {auditlog.Filter{ID: "o"}, []string{"one"}},
		"a person's account":      {auditlog.Filter{Who: "user.bob"}, []string{"one"}},
		"a member without case":   {auditlog.Filter{Who: "BOB@acme.com"}, []string{"one"}},
		"somebody else":           {auditlog.Filter{Who: "carol@acme.com"}, nil},
		"an app":                  {auditlog.Filter{App: "vpn"}, []string{"one"}},
		"another app":             {auditlog.Filter{App: "wiki"}, nil},
		"who ran it":              {auditlog.Filter{By: "ann"}, []string{"one", "two"}},
		"who ran it, and where":   {auditlog.Filter{By: "ann@laptop"}, nil},
		"since then":              {auditlog.Filter{Since: at}, []string{"one", "two"}},
		"since a moment after it": {auditlog.Filter{Since: at.Add(1)}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, err := test.filter.Select(strings.NewReader(strings.Join(written(t), "")))
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.want, s.Applies); d != "" {
				t.Errorf("applies (-want +got):\n%s", d)
			}
		})
	}
}

func TestApplyIsFoundByTheBeginningOfItsIDAlone(t *testing.T) {
	t.Parallel()
	log := strings.Join(written(t), "")
	a, err := auditlog.Find(strings.NewReader(log), "on")
	if err != nil || a.ID != "one" || len(a.Changes) != 2 || a.Ended == nil || a.Run == nil {
		t.Fatalf("got %+v, %v", a, err)
	}
	for _, id := range []string{"", "three"} {
		if _, err := auditlog.Find(strings.NewReader(log), id); err == nil {
			t.Errorf("find %q: got no error", id)
		}
	}
	altered := strings.Replace(log, "user.bob", "user.eve", 1)
	if _, err := auditlog.Find(strings.NewReader(altered), "one"); err == nil {
		t.Error("find an apply that was altered: got no error")
	}
	if _, err := auditlog.Find(strings.NewReader(altered), "two"); err != nil {
		t.Errorf("find another apply than the altered: %v", err)
	}
}

// FuzzReader: whatever stands in a log, it is read to its end without a panic,
// and what is read without a break is written the same way again.
func FuzzReader(f *testing.F) {
	f.Add([]byte("{\"hash\":\"\",\"record\":{}}\n"))
	var head auditlog.Head
	whole, _, err := head.Append(nil, records())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(whole)
	f.Add(whole[:len(whole)/2])
	f.Fuzz(func(t *testing.T, log []byte) {
		in := auditlog.NewReader(bytes.NewReader(log))
		for n := 0; ; n++ {
			_, line, err := in.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if n > bytes.Count(log, []byte("\n")) || len(line) == 0 {
				t.Fatalf("record %d has the line %q, and the log no such", n, line)
			}
		}
		_, _ = (&auditlog.Filter{}).Select(bytes.NewReader(log))
		_, _ = auditlog.Find(bytes.NewReader(log), "one")
		_, _, _ = auditlog.Last(log)
	})
}
