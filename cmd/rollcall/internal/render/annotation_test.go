package render

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/schema"
)

// reviewed is difference with a history: the lines of access.hcl are of commits,
// its line 4 is gone, people.hcl is not committed.
func reviewed(name string) Difference {
	d := difference(name)
	commit := func(id string, day int) gitrepo.Source {
		return gitrepo.Source{Certainty: gitrepo.Certain, Commit: gitrepo.Commit{
			ID: strings.Repeat(id, 20), Author: name, Subject: name + ": change", Date: time.Date(2026, 3, day, 0, 0, 0, 0, time.UTC)}}
	}
	line := func(file string, n uint32) gitrepo.Line { return gitrepo.Line{File: file, Number: n} }
	d.Base.Brought = map[gitrepo.Line]gitrepo.Source{line("access.hcl", 12): commit("a1", 1), line("access.hcl", 4): commit("b2", 2)}
	d.Base.Taken = map[gitrepo.Line]gitrepo.Source{line("access.hcl", 4): commit("c3", 3), line("access.hcl", 20): {Certainty: gitrepo.Uncommitted}}
	d.Head.Brought = map[gitrepo.Line]gitrepo.Source{
		line("access.hcl", 12): {Certainty: gitrepo.OrBefore, Commit: commit("a1", 1).Commit},
		line("access.hcl", 4):  commit("d4", 4), line("access.hcl", 21): {},
		line("people.hcl", 7): {Certainty: gitrepo.Uncommitted}, line("people.hcl", 9): {Certainty: gitrepo.Uncommitted},
	}
	d.Sources = map[string][]byte{"access.hcl": nil, "people.hcl": []byte("x")}
	d.Sources["access.hcl"] = []byte("x")
	return d
}

func TestReviewIsAsInItsGoldens(t *testing.T) {
	t.Parallel()
	d := reviewed("bob")
	list := append(FindingAnnotations(findings()[:5]), d.Annotations()...)
	forms := map[string]func(io.Writer) error{
		"review.txt":         func(w io.Writer) error { return Diff(w, d, Style{}) },
		"review.md":          func(w io.Writer) error { return DiffMarkdown(w, d) },
		"review_gitlab.md":   func(w io.Writer) error { return DiffNote(w, d) },
		"review.json":        func(w io.Writer) error { return DiffJSON(w, d) },
		"review_github.txt":  func(w io.Writer) error { return GitHub(w, list, "corp") },
		"review_gitlab.json": func(w io.Writer) error { return CodeQuality(w, list, "corp") },
	}
	for name, write := range forms {
		golden(t, name, rendered(t, write))
	}
}

func TestEachLevelHasAtMostTenCommandsErrorsFirst(t *testing.T) {
	t.Parallel()
	var list []Annotation
	for i := range 25 {
		list = append(list, Annotation{Level: Level(i % 2), Origin: at("a.hcl", uint32(i)), Title: "T", Lines: []string{fmt.Sprint(i)}})
	}
	list = append(list, Annotation{Level: LevelNotice, Title: "T"})
	text := rendered(t, func(w io.Writer) error { return GitHub(w, list, ".") })
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) != 21 {
		t.Fatalf("%d commands, want 10 errors, 10 warnings and a notice:\n%s", len(lines), text)
	}
	for i, line := range lines {
		want := []string{"::error ", "::warning ", "::notice "}[i/10]
		if !strings.HasPrefix(line, want) {
			t.Errorf("command %d is %q, want %q", i, line, want)
		}
	}
	if !strings.HasSuffix(lines[9], "::4 more places are not shown here. The command without -format=github shows all.") {
		t.Errorf("the tenth says %q", lines[9])
	}
}

// unescaped undoes the escapes of workflow commands, as GitHub's runner does it.
var unescaped = strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%")

func FuzzAnnotationIsOneCommandWhateverItQuotes(f *testing.F) {
	f.Add("a.hcl", "title", "detail", "code")
	f.Add("a,b::c%0A.hcl", "x\n::error::y", "\r\n::set-output name=a::b", "%0A::stop-commands::")
	f.Add(hostile, hostile, hostile, hostile)
	f.Fuzz(func(t *testing.T, file, title, text, check string) {
		a := Annotation{Level: LevelWarning, Origin: schema.Origin{File: file, Line: 3, EndLine: 3, Column: 1, EndColumn: 2},
			Check: check, Title: title, Lines: []string{text, text}}
		out := rendered(t, func(w io.Writer) error { return GitHub(w, []Annotation{a}, "corp") })
		wantHarmless(t, out)
		if strings.Count(out, "\n") != 1 || !strings.HasPrefix(out, "::warning ") {
			t.Fatalf("not one command: %q", out)
		}
		head, data, _ := strings.Cut(strings.TrimPrefix(out, "::warning "), "::")
		if got, want := unescaped.Replace(strings.TrimSuffix(data, "\n")), Prose(text)+"\n"+Prose(text); got != want {
			t.Errorf("the text is read as %q, want %q", got, want)
		}
		for property := range strings.SplitSeq(head, ",") {
			name, value, _ := strings.Cut(property, "=")
			switch name {
			case "title":
				if !strings.HasPrefix(unescaped.Replace(value), "rollcall: "+Prose(title)) {
					t.Errorf("the title is read as %q", unescaped.Replace(value))
				}
			case "file", "line", "endLine", "col", "endColumn":
			default:
				t.Errorf("a property %q that nobody wrote: %q", name, out)
			}
		}
	})
}

func FuzzNamesInMarkdownStayInTheirCells(f *testing.F) {
	f.Add("bob")
	f.Add("a|b`<img>@team\x1b[2J\u202e\n# x")
	f.Add("`` | ` @all <!-- --> </details> \\| \\")
	f.Add(strings.Repeat("`|", 400))
	f.Fuzz(func(t *testing.T, name string) {
		d := reviewed(name)
		for _, write := range []func(io.Writer, Difference) error{DiffMarkdown, DiffNote} {
			text := rendered(t, func(w io.Writer) error { return write(w, d) })
			wantHarmless(t, text)
			for line := range strings.Lines(text) {
				if bars := strings.Count(line, "|") - strings.Count(line, `\|`); strings.HasPrefix(line, "|") && bars != 5 {
					t.Errorf("a row has %d bars, want 5: %s", bars, line)
				}
				if bare := outsideOfCode(t, line); strings.ContainsAny(bare, "@\\[]*_") || strings.Contains(bare, "<img") || strings.Contains(bare, "<!--") {
					t.Errorf("a name is not code: %s", bare)
				}
			}
			if open, closed := strings.Count(text, "\n<details>"), strings.Count(text, "\n</details>"); open != closed {
				t.Errorf("%d folds begin and %d end", open, closed)
			}
		}
	})
}

// outsideOfCode takes the code spans out of a line (CommonMark 6.1): a run of
// backticks up to the next one of its length.
func outsideOfCode(t *testing.T, line string) string {
	t.Helper()
	bare := ""
	for {
		before, rest, ok := strings.Cut(line, "`")
		bare += before
		if !ok {
			return bare
		}
		ticks := 1 + len(rest) - len(strings.TrimLeft(rest, "`"))
		rest = rest[ticks-1:]
		end := closing(rest, ticks)
		if end < 0 {
			t.Fatalf("a code span does not end: %s", line)
		}
		line = rest[end+ticks:]
	}
}

// closing finds the run of exactly n backticks.
func closing(text string, n int) int {
	for i := 0; i < len(text); i++ {
		if text[i] != '`' {
			continue
		}
		run := len(text[i:]) - len(strings.TrimLeft(text[i:], "`"))
		if run == n {
			return i
		}
		i += run - 1
	}
	return -1
}

func TestFingerprintsAreUniqueAndDoNotDependOnLines(t *testing.T) {
	t.Parallel()
	prints := func(shift uint32) []string {
		d := reviewed("bob")
		for _, list := range [...][]planner.AccessChange{d.Losses, d.Gains} {
			for i := range list {
				list[i].After = slices.Clone(list[i].After) // others share it
				for j := range list[i].After {
					if o := &list[i].After[j].Origin; o.Known() {
						o.Line += shift
					}
				}
			}
		}
		list := append(FindingAnnotations(append(findings(), findings()[0])), d.Annotations()...)
		var report []codeQualityJSON
		if err := json.Unmarshal([]byte(rendered(t, func(w io.Writer) error { return CodeQuality(w, list, ".") })), &report); err != nil {
			t.Fatal(err)
		}
		all, seen := make([]string, 0, len(report)), map[string]bool{}
		for _, e := range report {
			if seen[e.Fingerprint] {
				t.Errorf("two entries have the fingerprint %s", e.Fingerprint)
			}
			seen[e.Fingerprint] = true
			all = append(all, e.Fingerprint)
		}
		return all
	}
	if a, b := fmt.Sprint(prints(0)), fmt.Sprint(prints(7)); a != b {
		t.Errorf("fingerprints change with lines:\n%s\n%s", a, b)
	}
}
