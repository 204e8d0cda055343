package gitrepo

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// The history that the cost of a blame is measured on.
const (
	costCommits = 3000
	costFiles   = 10_000
)

// longHistory makes a repository whose acme holds so many files. Of its commits
// only the first, the middle and the last touch acme/a.hcl, each with a line.
func longHistory(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	var script strings.Builder
	file := func(name, content string) {
		fmt.Fprintf(&script, "M 100644 inline %s\ndata %d\n%s\n", name, len(content), content)
	}
	content := ""
	for n := 1; n <= costCommits; n++ {
		fmt.Fprintf(&script, "commit refs/heads/main\ncommitter C <c@example.com> %d +0000\ndata <<.\ncommit %d\n.\n", 1_700_000_000+n, n)
		if n == 1 {
			for i := range costFiles {
				file(fmt.Sprintf("acme/f%05d.hcl", i), "x\n")
			}
		}
		if n == 1 || n == costCommits/2 || n == costCommits {
			content += fmt.Sprintf("line of %d\n", n)
			file("acme/a.hcl", content)
		}
		file("other/x.txt", fmt.Sprint(n))
	}
	for _, args := range [][]string{{"init", "-q", "--bare", "--template=", "-b", "main"}, {"fast-import", "--quiet"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin = dir, strings.NewReader(script.String())
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
	return dir
}

// A commit that did not touch a file costs its top tree and no more: not the
// folder of ten thousand files, and no content.
func TestCostOfALongHistoryIsOneTreeForACommit(t *testing.T) {
	t.Parallel()
	r, err := Open(longHistory(t), "main")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // nothing was written
	b, err := r.newBlamer(Limits{})
	if err != nil {
		t.Fatal(err)
	}
	var lines []Line
	for i := range uint32(3) {
		lines = append(lines, Line{"acme/a.hcl", i + 1})
	}
	if err := b.begin(r, lines, nil); err != nil {
		t.Fatal(err)
	}
	if err := b.walk(); err != nil {
		t.Fatal(err)
	}
	for i, n := range []int{1, costCommits / 2, costCommits} {
		want := fmt.Sprintf("commit %d", n)
		if s := b.found[lines[i]]; s.Certainty != Certain || s.Commit.Subject != want {
			t.Errorf("line %d: got %+v, want %s", i+1, s, want)
		}
	}
	// The three versions of the folder, and nothing's own.
	if got, most := len(b.trees), costCommits+4; got > most {
		t.Errorf("%d trees were read of %d commits, want at most %d", got, costCommits, most)
	}
	if len(b.texts) != 3 {
		t.Errorf("%d contents were read, want the 3 of the file", len(b.texts))
	}
}
