package render

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/schema"
)

// drawDifference draws a difference with names wherever one can stand.
func drawDifference(name func(label string) string) Difference {
	why := func(file string) []planner.Reason {
		return []planner.Reason{{Code: "x", Text: name("text"), Origin: schema.Origin{File: file, Line: 3}}}
	}
	d := Difference{Base: sideOf(sideJSON{name("base"), "b" + name("commit")}), Head: sideOf(sideJSON{name("head"), strings.Repeat("ab", 20)}), Marker: "<!-- m -->"}
	d.Difference = &planner.Difference{
		Losses:     []planner.AccessChange{{Key: name("key"), Login: name("login"), App: name("app"), Group: name("group"), Before: why("base.hcl"), After: why("head.hcl")}},
		Gains:      []planner.AccessChange{{Key: name("key"), Login: name("login"), App: name("app"), Before: why(name("file")), After: why(name("file"))}},
		Attributes: []planner.AttributeChange{{Key: name("key"), Login: name("login"), App: name("app"), Path: name("path"), Before: name("was"), After: nil, Origin: schema.Origin{File: name("file"), Line: 4}}},
		Kept:       []planner.Kept{{Key: name("key"), Login: name("login"), App: name("app"), Before: why("base.hcl"), Left: why("head.hcl"), Through: why("head.hcl")}},
		Withheld:   []planner.WithheldChange{{Key: name("key"), Login: name("login"), App: name("app"), Group: name("group"), Begins: true, Origin: schema.Origin{File: "head.hcl", Line: 3}}},
		Pushes:     []planner.PushChange{{App: name("app"), Key: name("key"), Before: name("was"), After: name("is"), Origin: schema.Origin{File: "head.hcl", Line: 3}}},
	}
	d.Waivers = []planner.WaiverChange{{App: name("app"), Address: schema.Address("waiver." + name("waiver")), Begins: true, Guard: name("guard"),
		Limit: name("limit"), Protects: schema.Address(name("protects")), Expires: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), Reason: name("reason"), Origin: schema.Origin{File: "head.hcl", Line: 3}}}
	d.Policies = &policy.Verdict{Results: []planner.PolicyResult{{Address: schema.Address("policy." + name("policy")), Severity: schema.Error,
		Failures: 2, Messages: []string{name("message"), name("message")}, Origin: schema.Origin{File: name("file"), Line: 5}}}}
	commit := gitrepo.Commit{ID: strings.Repeat("c0", 20), Author: name("author"), Subject: name("subject"), Date: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	d.Base.Brought[gitrepo.Line{File: "base.hcl", Number: 3}] = gitrepo.Source{Commit: commit, Certainty: gitrepo.Certain}
	d.Base.Taken[gitrepo.Line{File: "base.hcl", Number: 3}] = gitrepo.Source{Commit: commit, Certainty: gitrepo.OrBefore}
	d.Head.Brought[gitrepo.Line{File: "head.hcl", Number: 3}] = gitrepo.Source{Certainty: gitrepo.Uncommitted}
	return d
}

func TestDifferenceComesBackAsItWas(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := drawDifference(func(label string) string { return rapid.String().Draw(t, label) })
		var b bytes.Buffer
		if err := DiffJSON(&b, want); err != nil {
			t.Fatal(err)
		}
		got, err := ParseDiffJSON(&b)
		if err != nil {
			t.Fatal(err)
		}
		want.Marker = ""
		if d := cmp.Diff(got, want, cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("difference (-got +want):\n%s", d)
		}
	})
}

func TestHostileNamesOfADifferenceStayInsideCode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		d := drawDifference(func(label string) string { return hostileName(rt, label) })
		var b bytes.Buffer
		if err := DiffMarkdown(&b, d); err != nil {
			rt.Fatal(err)
		}
		wantInert(rt, b.String(), nil, canaryName)
	})
}

func TestDocumentsThatAreNoDifferenceAreRefused(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                      "cut",
		`{"format_version": "1.0", "losses": [`: "cut",
		`[]`:                                    "no document",
		`{"format_version": "2.0"}`:             `format_version is "2.0"`,
		`{"losses": []}`:                        `format_version is ""`,
		`{"format_version": "1.0"} {}`:          "something follows",
		`{"format_version": "1.0", "losses": {"a": 1}}`:                                     "no document",
		`{"format_version": "1.0", "losses": [{"login": 7}]}`:                               "no document",
		`{"format_version": "1.0", "fingerprint": "rc1:00", "changes": [], "withheld": []}`: "a list is missing",
		strings.Repeat("[", 100_000):                                                        "no document",
	} {
		if _, err := ParseDiffJSON(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v, want it to say %q", text, err, want)
		}
	}
	if _, err := ParseDiffJSON(strings.NewReader(`{"format_version": "1.7", "news": [1], "losses": [{"login": "a", "age": 4}], "gains": [], "attributes": [], "pushes": [], "withheld": [], "kept": [], "policies": [null, {"severity": "<b>"}]}`)); err != nil {
		t.Errorf("a newer minor version: %v", err)
	}
}

func FuzzParseDiffJSON(f *testing.F) {
	for _, name := range fragments {
		var b bytes.Buffer
		if err := DiffJSON(&b, drawDifference(func(string) string { return name })); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	id, _ := json.Marshal("x) @all <b>")
	f.Add(fmt.Appendf(nil, `{"format_version":"1.0","losses":[{"before":[{"file":"f","line":3,"commit":{"status":"committed","id":%s}}]}]}`, id))
	f.Fuzz(func(t *testing.T, doc []byte) {
		d, err := ParseDiffJSON(bytes.NewReader(doc))
		if err != nil {
			return
		}
		d.Marker = "<!-- m -->"
		wantInert(t, rendered(t, func(w io.Writer) error { return DiffMarkdown(w, d) }), nil, "")
	})
}
