package render

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	east "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/schema"
)

func TestPlanMarkdownIsAsInItsGoldens(t *testing.T) {
	t.Parallel()
	offline := mixedPlan()
	offline.Complete = false
	for name, p := range map[string]*planner.Plan{
		"seed": seedPlan(), "mixed": mixedPlan(), "blocked": blockedPlan(), "hostile": hostilePlan(), "offline": offline,
		"nothing": {AsOf: now, Complete: true, Applyable: true, Fingerprint: longFingerprint, Inputs: inputs()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := rendered(t, func(w io.Writer) error { return PlanMarkdown(w, p, PlanComment{Root: "corp", Marker: "<!-- m -->"}) })
			golden(t, "plan_"+name+".md", got)
			wantHarmless(t, got)
			wantInert(t, got, p, "")
		})
	}
}

func TestDriftMarkdownIsAsInItsGolden(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]*planner.Plan{"mixed": mixedPlan(), "hostile": hostilePlan(), "none": seedPlan()} {
		got := rendered(t, func(w io.Writer) error { return DriftMarkdown(w, p, PlanComment{Marker: "<!-- m -->"}) })
		golden(t, "drift_"+name+".md", got)
		wantHarmless(t, got)
	}
}

func TestPlacesAreLinkedWhereAnAddressIsKnown(t *testing.T) {
	t.Parallel()
	o := PlanComment{Link: func(o schema.Origin) string { return fmt.Sprintf("https://forge.example/%d", o.Line) }}
	got := rendered(t, func(w io.Writer) error { return PlanMarkdown(w, seedPlan(), o) })
	if want := "([`access.hcl:20`](https://forge.example/20))"; !strings.Contains(got, want) {
		t.Errorf("%s is not in:\n%s", want, got)
	}
}

// crowd is a plan in which n people lose the app and n gain it, and as many
// come and go in a group.
func crowd(n int) *planner.Plan {
	p := &planner.Plan{AsOf: now, Complete: true, Applyable: true, Fingerprint: longFingerprint, Inputs: inputs()}
	group := planner.Change{App: "vpn", Kind: planner.KindGroup, Key: "group.all", Name: "All", Action: planner.Update, Wave: 4, Requests: 1}
	for i := range n {
		login := fmt.Sprintf("leaver%06d@acme.com", i)
		p.Changes = append(p.Changes, planner.Change{App: "vpn", Kind: planner.KindUser, Key: "user." + login, Name: login, Action: planner.Deactivate, Wave: 1, Requests: 1,
			Reasons: []planner.Reason{{Code: "no-assignment", Text: "no assignment reaches " + login, Origin: at("people.hcl", 3)}}})
		group.Members.Remove = append(group.Members.Remove, planner.Member{Name: login, Key: "user." + login})
	}
	for i := range n {
		login := fmt.Sprintf("joiner%06d@acme.com", i)
		p.Changes = append(p.Changes, planner.Change{App: "vpn", Kind: planner.KindUser, Key: "user." + login, Name: login, Action: planner.Create, Wave: 2, Requests: 1})
	}
	p.Changes = append(p.Changes, group)
	return p
}

func TestLargePlanIsCutAtItsEndAndKeepsItsLastLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		people         int
		joiners, whole bool
	}{{50, true, true}, {200, true, false}, {20_000, false, false}} {
		p := crowd(tt.people)
		got := rendered(t, func(w io.Writer) error { return PlanMarkdown(w, p, PlanComment{Marker: "<!-- m -->"}) })
		if n := utf8.RuneCountInString(got); n > MarkdownLimit {
			t.Errorf("%d people: %d characters", tt.people, n)
		}
		wantInert(t, got, nil, "")
		for _, want := range []string{
			"<!-- m -->\n### rollcall: " + fmt.Sprintf("%d people lose access, %d people gain access\n", tt.people, tt.people),
			"| ➖ | `leaver000000@acme.com` in `app.vpn` | deactivated, leaves `All` | `no assignment",
			"\n```sh\nrollcall apply -expect=" + longFingerprint + "\n```\n",
		} {
			if !strings.Contains(got, want) {
				t.Errorf("%d people: it lacks %q", tt.people, want)
			}
		}
		if has := strings.Contains(got, "| ➕"); has != tt.joiners {
			t.Errorf("%d people: joiners are shown: %t, want %t", tt.people, has, tt.joiners)
		}
		if cut := strings.Contains(got, "**Cut here**"); cut == tt.whole {
			t.Errorf("%d people: cut: %t, want %t", tt.people, cut, !tt.whole)
		}
		// Nobody who gains is shown while somebody who loses is not.
		if losers := strings.Count(got, "| ➖"); tt.joiners && losers != tt.people {
			t.Errorf("%d people: %d of those who lose access are shown", tt.people, losers)
		}
	}
}

func TestSummaryIsMeasuredInBytes(t *testing.T) {
	t.Parallel()
	p := crowd(4_000)
	for i := range p.Changes {
		p.Changes[i].Name = strings.Repeat("日", 100)
	}
	got := rendered(t, func(w io.Writer) error { return PlanMarkdown(w, p, PlanComment{Summary: true}) })
	if n := len(got); n > SummaryLimit || n < SummaryLimit-10_000 {
		t.Errorf("%d bytes, want about %d", n, SummaryLimit)
	}
}

// fragments are what hostile names are made of.
var fragments = []string{
	"|", "||", "\\|", "\\", "`", "``", "```", "~~~", "@acme/admins", "@all", "<b>", "</details>", "<!--", "-->", "<script>", "<img src=x>",
	"\n", "\r\n", "\n\n", "\n/close", "/approve", "\n# h", "#1", "!1", "[a](http://x.example)", "![a](http://x.example)", "https://evil.example",
	":tada:", "**", "__", "~~", "$x$", "\u202e", "\u200b", "\u2028", "\xff", "&#64;all", "&lt;", "a", " ", "日本", "\t", "\n|---|\n", "> q", "- [ ] t", "\n```\n",
}

// canaryName marks what comes from outside.
const canaryName = "zqx"

func hostileName(t *rapid.T, label string) string {
	parts := rapid.SliceOfN(rapid.SampledFrom(fragments), 0, 8).Draw(t, label)
	at := rapid.IntRange(0, len(parts)).Draw(t, label+" at")
	return strings.Join(slices.Insert(parts, at, canaryName), "")
}

func TestHostileNamesStayInsideCode(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		p := named(func(label string) string { return hostileName(rt, label) })
		wantNamesInert(rt, p)
	})
}

func FuzzPlanMarkdownIsInert(f *testing.F) {
	for _, s := range fragments {
		f.Add(s + canaryName + s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		wantNamesInert(t, named(func(string) string { return name + canaryName }))
	})
}

// named is a plan with names wherever one can stand.
func named(name func(label string) string) *planner.Plan {
	p := mixedPlan()
	p.Fingerprint, p.Inputs.Config.Commit = name("fingerprint"), name("commit")
	for i := range p.Changes {
		c := &p.Changes[i]
		c.Key += fmt.Sprint(i)
		c.App, c.Name = name("app"), name("who")
		c.Before = append(c.Before, value(name("path"), name("before")))
		c.After = append(c.After, value(name("path"), name("after")))
		c.Members.Add = append(c.Members.Add, member(name("member")))
		c.Reasons = append(c.Reasons, planner.Reason{Code: "x", Text: name("reason"), Origin: at(name("file"), 1)})
	}
	for i := range p.Drift {
		p.Drift[i].App, p.Drift[i].Name, p.Drift[i].Kind = name("app"), name("drift"), planner.Kind(name("kind"))
		p.Drift[i].What = name("what")
	}
	p.Withheld = []planner.Withheld{{App: name("app"), Group: name("group"), Login: name("login"), Missing: name("missing"), Origin: at(name("file"), 2)}}
	p.Held = []planner.Held{{App: name("app"), Name: name("held"), Code: schema.Code(name("code"))}}
	p.Findings = append(p.Findings, schema.Diagnostic{
		Severity: schema.Severity(name("severity")), Code: schema.Code(name("code")), Summary: name("summary"), Detail: name("detail"), Origin: at(name("file"), 3)})
	p.Policies = append(p.Policies, planner.PolicyResult{Address: schema.Address("policy." + name("policy")), Severity: schema.Severity(name("severity")), Messages: []string{name("message")}, Origin: at(name("file"), 5)})
	p.Guards = append(p.Guards, planner.GuardResult{App: name("app"), Code: schema.Code(name("code")), Waiver: schema.Address(name("waiver")), Reason: name("reason"), Origin: at(name("file"), 4)})
	return p
}

// fataler is what both kinds of tests have.
type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

func wantNamesInert(t fataler, p *planner.Plan) {
	t.Helper()
	for _, write := range []func(io.Writer, *planner.Plan, PlanComment) error{PlanMarkdown, DriftMarkdown} {
		var b bytes.Buffer
		if err := write(&b, p, PlanComment{Root: p.Changes[0].Name, Marker: "<!-- m -->"}); err != nil {
			t.Fatalf("%v", err)
		}
		wantInert(t, b.String(), p, canaryName)
	}
}

// wantInert parses Markdown as forges do, and fails where anything that came
// from outside is more than code, or where the shape is not what it would be
// with harmless names. Without a plan rows are not counted.
func wantInert(t fataler, md string, p *planner.Plan, canary string) {
	t.Helper()
	src := []byte(md)
	doc := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser().Parse(text.NewReader(src))
	rows, tables := 0, 0
	_ = ast.Walk(doc, func(n ast.Node, entering bool) (ast.WalkStatus, error) {
		if !entering {
			return ast.WalkContinue, nil
		}
		switch n := n.(type) {
		case *ast.CodeSpan, *ast.FencedCodeBlock:
			return ast.WalkSkipChildren, nil
		case *east.Table:
			tables++
		case *east.TableRow:
			rows++
			if n.ChildCount() != n.Parent().FirstChild().ChildCount() || n.ChildCount() < 3 {
				t.Fatalf("a row has %d cells in:\n%s", n.ChildCount(), md)
			}
		case *ast.Link, *ast.AutoLink, *ast.Image, *ast.CodeBlock, *east.TaskCheckBox, *east.Strikethrough:
			t.Fatalf("a %s in:\n%s", n.Kind(), md)
		case *ast.RawHTML:
			if s := string(n.Segments.Value(src)); s != "<sub>" && s != "</sub>" && s != "<br>" {
				t.Fatalf("HTML %q in:\n%s", s, md)
			}
		case *ast.HTMLBlock:
			wantOwnHTML(t, string(n.Lines().Value(src)), md)
		case *ast.Text:
			if s := string(n.Segment.Value(src)); strings.Contains(s, "@") || canary != "" && strings.Contains(s, canary) {
				t.Fatalf("a name outside of code, %q in:\n%s", s, md)
			}
		}
		return ast.WalkContinue, nil
	})
	for line := range strings.Lines(md) {
		if strings.HasPrefix(line, "/") {
			t.Fatalf("a line begins with a slash, as orders to GitLab do: %q", line)
		}
	}
	if p == nil || tables == 0 || strings.Contains(md, "**Cut here**") {
		return
	}
	access := planAccess(p)
	if want := len(access.losses) + len(access.gains) + len(access.others); rows != want || tables != 1 {
		t.Fatalf("%d rows in %d tables, want %d in one:\n%s", rows, tables, want, md)
	}
}

var ownHTML = regexp.MustCompile(`^(<!-- m -->|</details>|<details><summary>(The whole plan|Commits \(\d+\))</summary>)$`)

// wantOwnHTML fails unless a block of HTML is one of ours.
func wantOwnHTML(t fataler, block, md string) {
	t.Helper()
	if !ownHTML.MatchString(strings.TrimSpace(block)) {
		t.Fatalf("HTML %q in:\n%s", block, md)
	}
}
