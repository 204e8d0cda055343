package schema

import (
	"regexp"
	"slices"
	"strings"
	"testing"
)

var kebab = regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`)

func TestEveryCodeIsExplainedInFull(t *testing.T) {
	t.Parallel()
	severities := []Severity{Error, Guarded, Warning, Info}
	for _, d := range Codes() {
		t.Run(string(d.Code), func(t *testing.T) {
			t.Parallel()
			if !kebab.MatchString(string(d.Code)) {
				t.Errorf("code %q is not in kebab-case", d.Code)
			}
			if !slices.Contains(severities, d.Severity) {
				t.Errorf("severity %q is none", d.Severity)
			}
			if d.Title == "" || strings.HasSuffix(d.Title, ".") || len(d.Title) > 72 {
				t.Errorf("title %q: want a short one without a full stop", d.Title)
			}
			if n := strings.Count(d.Text+" ", ". "); n < 2 {
				t.Errorf("text has %d sentences, want what, why and what to do: %s", n, d.Text)
			}
			if d.Bad != "" && d.Good == "" {
				t.Error("a bad example stands without a good one")
			}
		})
	}
}

func TestCodesAreSortedAndOnce(t *testing.T) {
	t.Parallel()
	all := Codes()
	for i := 1; i < len(all); i++ {
		if all[i-1].Code >= all[i].Code {
			t.Errorf("code %q comes before %q", all[i-1].Code, all[i].Code)
		}
	}
}

func TestCodeFindsItsDoc(t *testing.T) {
	t.Parallel()
	if d, ok := Code("duplicate-login").Doc(); !ok || d.Title != "Two people have the same login" {
		t.Errorf("doc of duplicate-login is %+v, %v", d, ok)
	}
	if d, ok := Code("no-such-code").Doc(); ok {
		t.Errorf("doc of a code that is none is %+v", d)
	}
}
