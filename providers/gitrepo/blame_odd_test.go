package gitrepo_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/gitrepo"
)

// grown makes a repository whose acme/a.hcl got a line with each of three commits.
func grown(t *testing.T) (dir string, commits []string) {
	t.Helper()
	dir = t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	content := ""
	for _, line := range []string{"one", "two", "three"} {
		content += line + "\n"
		write(t, dir, "acme/a.hcl", content, "other.txt", line)
		git(t, dir, "add", ".")
		git(t, dir, "commit", "-q", "-m", line)
		commits = append(commits, git(t, dir, "rev-parse", "HEAD"))
	}
	return dir, commits
}

// brought says what Blame finds of a.hcl's first n lines: subjects, marked for
// what is not certain.
func brought(t *testing.T, dir, rev string, n int, folder bool, limits gitrepo.Limits) string {
	t.Helper()
	r := at(t, dir, rev)
	var lines []gitrepo.Line
	for i := range n {
		lines = append(lines, gitrepo.Line{File: "a.hcl", Number: uint32(i + 1)})
	}
	var files fs.FS
	if folder {
		files = os.DirFS(filepath.Join(dir, "acme"))
	}
	got, err := r.Blame(lines, files, limits)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	for _, l := range lines {
		s := got[l]
		words = append(words, []string{"?", "", "<=", "uncommitted"}[s.Certainty]+s.Commit.Subject)
	}
	return strings.Join(words, " ")
}

func TestLinesOfTheFolderThatNoCommitHasAreNotCommitted(t *testing.T) {
	t.Parallel()
	dir, _ := grown(t)
	write(t, dir, "acme/a.hcl", "zero\none\ntwo\nthree, changed\n")
	want := "uncommitted one two uncommitted ?"
	if got := brought(t, dir, "HEAD", 5, true, gitrepo.Limits{}); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	write(t, dir, "acme/a.hcl", "one\r\ntwo\r\nthree\r\n") // as core.autocrlf writes it
	if got, want := brought(t, dir, "HEAD", 3, true, gitrepo.Limits{}), "one two three"; got != want {
		t.Errorf("with carriage returns: got %q, want %q", got, want)
	}
}

func TestHistoryOfOddRepositoriesIsReadAsFarAsItIsThere(t *testing.T) {
	t.Parallel()
	dir, _ := grown(t)
	git(t, dir, "config", "uploadpack.allowFilter", "true")
	tests := map[string]struct {
		args []string
		want string
	}{
		"shared":         {[]string{"clone", "-q", "--shared", dir}, "one two three"},
		"whole":          {[]string{"clone", "-q", "file://" + dir}, "one two three"},
		"shallow, one":   {[]string{"clone", "-q", "--depth=1", "file://" + dir}, "<=three <=three <=three"},
		"shallow, two":   {[]string{"clone", "-q", "--depth=2", "file://" + dir}, "<=two <=two three"},
		"partial":        {[]string{"clone", "-q", "--filter=blob:none", "file://" + dir}, "<=three <=three <=three"},
		"linked":         {[]string{"worktree", "add", "-q", "--detach"}, "one two three"},
		"treeless clone": {[]string{"clone", "-q", "--filter=tree:0", "file://" + dir}, "<=three <=three <=three"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), "clone")
			git(t, dir, append(tt.args, to)...)
			if got := brought(t, to, "HEAD", 3, true, gitrepo.Limits{}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	shallow := filepath.Join(t.TempDir(), "shallow")
	git(t, dir, "clone", "-q", "--depth=2", "file://"+dir, shallow)
	linked := filepath.Join(t.TempDir(), "linked")
	git(t, shallow, "worktree", "add", "-q", "--detach", linked)
	if got, want := brought(t, linked, "HEAD", 3, true, gitrepo.Limits{}), "<=two <=two three"; got != want {
		t.Errorf("linked worktree of a shallow clone: got %q, want %q", got, want)
	}
}

func TestLinesBeyondTheLimitHaveNoCommit(t *testing.T) {
	t.Parallel()
	dir, _ := grown(t)
	if got, want := brought(t, dir, "HEAD", 3, false, gitrepo.Limits{Commits: 2}), "? two three"; got != want {
		t.Errorf("two commits: got %q, want %q", got, want)
	}
	if got := brought(t, dir, "HEAD", 3, false, gitrepo.Limits{Bytes: 1}); strings.ContainsAny(got, "onetwh") {
		t.Errorf("no content: got %q, want nothing known", got)
	}
}

func TestLineThatIsGoneWasTakenByTheCommitOrTheFolder(t *testing.T) {
	t.Parallel()
	dir, commits := grown(t)
	git(t, dir, "mv", "acme/a.hcl", "acme/b.hcl")
	git(t, dir, "commit", "-q", "-m", "renamed")
	git(t, dir, "checkout", "-q", "-b", "side")
	write(t, dir, "acme/b.hcl", "one\nthree\n")
	git(t, dir, "commit", "-q", "-a", "-m", "takes two")
	git(t, dir, "checkout", "-q", "main")
	write(t, dir, "other.txt", "x")
	git(t, dir, "commit", "-q", "-a", "-m", "elsewhere")
	git(t, dir, "merge", "-q", "--no-ff", "-m", "merge", "side")
	write(t, dir, "acme/b.hcl", "one\n")
	base, head := at(t, dir, commits[2]), at(t, dir, "HEAD")
	lines := []gitrepo.Line{{File: "a.hcl", Number: 1}, {File: "a.hcl", Number: 2}, {File: "a.hcl", Number: 3}, {File: "a.hcl", Number: 9}, {File: "no.hcl", Number: 1}}
	got, err := head.Taken(base, lines, os.DirFS(filepath.Join(dir, "acme")), gitrepo.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	words := map[uint32]string{}
	for l, s := range got {
		words[l.Number] = []string{"?", "", "<=", "uncommitted"}[s.Certainty] + s.Commit.Subject
	}
	if diff := cmp.Diff(words, map[uint32]string{2: "takes two", 3: "uncommitted"}); diff != "" {
		t.Errorf("who took lines (- got, + want):\n%s", diff)
	}
	// Towards an older commit, nobody took what it never had.
	got, err = base.Taken(head, []gitrepo.Line{{File: "b.hcl", Number: 1}}, nil, gitrepo.Limits{})
	if err != nil || len(got) > 0 {
		t.Errorf("towards the past: got %v, %v, want nothing", got, err)
	}
}

// What stood at the path before it was a file brought no line: a link, a
// submodule, and a folder.
func TestLinesOfAFileThatWasSomethingElseAreThoseOfTheFile(t *testing.T) {
	t.Parallel()
	dir, commits := grown(t)
	git(t, dir, "rm", "-q", "acme/a.hcl")
	if err := os.MkdirAll(filepath.Join(dir, "acme"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../other.txt", filepath.Join(dir, "acme", "a.hcl")); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "a link")
	git(t, dir, "rm", "-q", "acme/a.hcl")
	git(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+commits[0]+",acme/a.hcl")
	git(t, dir, "commit", "-q", "-m", "a submodule")
	git(t, dir, "rm", "-q", "--cached", "acme/a.hcl")
	write(t, dir, "acme/a.hcl/x.hcl", "one\n")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "a folder")
	git(t, dir, "rm", "-q", "-r", "acme/a.hcl")
	write(t, dir, "acme/a.hcl", "eins\nzwei\n", "acme/b.hcl", "other\n")
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "a file")
	bare := filepath.Join(t.TempDir(), "bare.git")
	git(t, dir, "clone", "-q", "--bare", dir, bare)
	got := blame(t, bare, "main", map[string]int{"acme/a.hcl": 2, "acme/b.hcl": 1})
	for l, s := range got {
		if s.Certainty != gitrepo.Certain || s.Commit.Subject != "a file" {
			t.Errorf("%v: got %+v, want the commit \"a file\"", l, s)
		}
	}
}
