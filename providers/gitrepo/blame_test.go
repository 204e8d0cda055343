package gitrepo_test

import (
	"cmp"
	"fmt"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/rollcall-dev/rollcall/providers/gitrepo"
)

// ranked is a line of a made-up history. Lines of all versions of all files are
// in the order of their ranks, so that what two versions have in common has one
// order, and a diff one answer.
type ranked struct {
	rank int
	text string
}

// version is what one commit has: lines by the paths of files.
type version map[string][]ranked

// narrator makes up histories, as git fast-import reads them.
type narrator struct {
	t        *rapid.T
	script   strings.Builder
	versions []version
	parents  [][]int
	lines    int
}

func (n *narrator) number(name string, lo, hi int) int { return rapid.IntRange(lo, hi).Draw(n.t, name) }

func (n *narrator) line() ranked {
	n.lines++
	return ranked{n.number("rank", 0, 1<<40)<<16 + n.lines, fmt.Sprintf("line %d of all, long enough to count", n.lines)}
}

// edit takes lines away and puts new ones in.
func (n *narrator) edit(lines []ranked, remove, add int) []ranked {
	lines = slices.Clone(lines)
	for range min(remove, len(lines)-1) {
		at := n.number("remove", 0, len(lines)-1)
		lines = slices.Delete(lines, at, at+1)
	}
	for range add {
		lines = append(lines, n.line())
	}
	slices.SortFunc(lines, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	return lines
}

// commit makes one with these parents, counted from one.
func (n *narrator) commit(parents ...int) {
	v := version{}
	for i, p := range parents {
		for path, lines := range n.versions[p-1] {
			if i > 0 && v[path] != nil {
				lines = union(v[path], lines)
			}
			v[path] = lines
		}
	}
	if len(parents) == 0 {
		v["acme/a.hcl"], v["acme/teams/b.hcl"], v["c.csv"] = n.edit(nil, 0, 12), n.edit(nil, 0, 12), n.edit(nil, 0, 12)
	}
	paths := slices.Sorted(maps.Keys(v))
	path := paths[n.number("file", 0, len(paths)-1)]
	switch n.number("what", 0, 9) {
	case 0, 1, 2:
		to := fmt.Sprintf("acme/%d/%d.hcl", n.number("folder", 0, 2), len(n.versions))
		v[to] = n.edit(v[path], n.number("less", 0, 1), n.number("more", 0, 1))
		delete(v, path)
	case 3:
		v[fmt.Sprintf("acme/new%d.hcl", len(n.versions))] = n.edit(nil, 0, 12)
	case 4: // nothing
	default:
		v[path] = n.edit(v[path], n.number("less", 0, 3), n.number("more", 0, 3))
	}
	n.write(v, parents)
	n.versions, n.parents = append(n.versions, v), append(n.parents, parents)
}

func union(a, b []ranked) []ranked {
	all := slices.Concat(a, b)
	slices.SortFunc(all, func(a, b ranked) int { return cmp.Compare(a.rank, b.rank) })
	return slices.Compact(all)
}

func (n *narrator) write(v version, parents []int) {
	// Clocks of committers differ; some commits are older than their parents.
	when := 1_700_000_000 + 60*len(n.versions) + n.number("skew", -200, 200)
	fmt.Fprintf(&n.script, "commit refs/heads/main\nmark :%d\nauthor A U Thor <a@example.com> %d +0000\n", len(n.versions)+1, when)
	message := fmt.Sprintf("commit %d\n\nbody", len(n.versions)+1)
	fmt.Fprintf(&n.script, "committer C <c@example.com> %d +0000\ndata %d\n%s\n", when, len(message), message)
	for i, p := range parents {
		fmt.Fprintf(&n.script, "%s :%d\n", []string{"from", "merge"}[min(i, 1)], p)
	}
	n.script.WriteString("deleteall\n")
	for _, path := range slices.Sorted(maps.Keys(v)) {
		var content strings.Builder
		for _, l := range v[path] {
			content.WriteString(l.text + "\n")
		}
		fmt.Fprintf(&n.script, "M 100644 inline %s\ndata %d\n%s\n", path, content.Len(), content.String())
	}
	fmt.Fprintf(&n.script, "\nreset refs/tags/n%d\nfrom :%[1]d\n\n", len(n.versions)+1)
}

// narrate makes up a history of some commits with branches, merges and renames.
func narrate(t *rapid.T) *narrator {
	n := &narrator{t: t}
	n.commit()
	for i := 2; i <= n.number("commits", 2, 20); i++ {
		newest := max(1, i-4)
		parents := []int{n.number("parent", newest, i-1)}
		if other := n.number("other", newest, i-1); other != parents[0] && n.number("merge", 0, 2) == 0 {
			parents = append(parents, other)
		}
		n.commit(parents...)
	}
	return n
}

// library is a repository for one made-up history after another.
func library(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q", "--bare", "--template=", "-b", "main")
	return dir
}

// tell puts a history into dir. Its commits have the tags n1, n2, and so on.
func tell(t *testing.T, dir string, n *narrator) {
	t.Helper()
	load := exec.Command("git", "fast-import", "--quiet", "--force")
	load.Dir, load.Stdin = dir, strings.NewReader(n.script.String())
	if out, err := load.CombinedOutput(); err != nil {
		t.Fatalf("git fast-import: %v\n%s", err, out)
	}
}

// gitBlame asks git which commit brought each line of a file.
func gitBlame(t *testing.T, dir, rev, file string) []string {
	t.Helper()
	var ids []string
	for line := range strings.Lines(git(t, dir, "blame", "--porcelain", rev, "--", file)) {
		if f := strings.Fields(line); len(f) >= 3 && len(f[0]) == 40 && !strings.HasPrefix(line, "\t") {
			ids = append(ids, f[0])
		}
	}
	return ids
}

// blame asks gitrepo for all lines of files, which have so many.
func blame(t *testing.T, dir, rev string, files map[string]int) map[gitrepo.Line]gitrepo.Source {
	t.Helper()
	r, err := gitrepo.Open(dir, rev)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // nothing was written
	var lines []gitrepo.Line
	for file, n := range files {
		for i := range n {
			lines = append(lines, gitrepo.Line{File: file, Number: uint32(i + 1)})
		}
	}
	got, err := r.Blame(lines, nil, gitrepo.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestBlameIsThatOfGit(t *testing.T) {
	t.Parallel()
	dir := library(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := narrate(rt)
		tell(t, dir, n)
		files := map[string]int{}
		for file, lines := range n.versions[len(n.versions)-1] {
			files[file] = len(lines)
		}
		got := blame(t, dir, "main", files)
		file := rapid.SampledFrom(slices.Sorted(maps.Keys(files))).Draw(rt, "blamed")
		want := gitBlame(t, dir, "main", file)
		if len(want) != files[file] {
			rt.Fatalf("git blames %d lines of %d", len(want), files[file])
		}
		for i, id := range want {
			s := got[gitrepo.Line{File: file, Number: uint32(i + 1)}]
			if s.Commit.ID != id || s.Certainty != gitrepo.Certain {
				rt.Fatalf("%s:%d: got %s (%s), want %s\n%s", file, i+1, s.Commit.ID, s.Commit.Subject, id,
					git(t, dir, "log", "--graph", "--name-status", "--format=%H %s", "-M", "main"))
			}
		}
	})
}

// has reports whether a file has a line, or with an empty path, any file.
func (v version) has(path, text string) bool {
	for p, lines := range v {
		if (path == "" || p == path) && slices.ContainsFunc(lines, func(l ranked) bool { return l.text == text }) {
			return true
		}
	}
	return false
}

// reaches reports whether commit to is in the history of commit from.
func (n *narrator) reaches(from, to int) bool {
	return from == to || slices.ContainsFunc(n.parents[from-1], func(p int) bool { return n.reaches(p, to) })
}

// taken asks gitrepo who took the lines of commit base away on the way to head.
func taken(t *testing.T, dir string, n *narrator, base, head int) map[gitrepo.Line]gitrepo.Source {
	t.Helper()
	var sides [2]*gitrepo.Revision
	for i, number := range []int{base, head} {
		var err error
		if sides[i], err = gitrepo.Open(dir, fmt.Sprintf("n%d", number)); err != nil {
			t.Fatal(err)
		}
		defer sides[i].Close() //nolint:errcheck // nothing was written
	}
	var lines []gitrepo.Line
	for file, has := range n.versions[base-1] {
		for i := range has {
			lines = append(lines, gitrepo.Line{File: file, Number: uint32(i + 1)})
		}
	}
	got, err := sides[1].Taken(sides[0], lines, nil, gitrepo.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// A line that is gone was in a parent of the commit that took it, and is not at
// that place in the commit. That it may be in another file, one that was not
// recognised under its new name, does not matter.
func TestWhoTookALineHadItBefore(t *testing.T) {
	t.Parallel()
	dir := library(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := narrate(rt)
		tell(t, dir, n)
		base, head := n.number("base", 1, len(n.versions)), n.number("head", 1, len(n.versions))
		got := taken(t, dir, n, base, head)
		for file, lines := range n.versions[base-1] {
			for i, l := range lines {
				s, ok := got[gitrepo.Line{File: file, Number: uint32(i + 1)}]
				if !ok {
					if n.reaches(head, base) && !n.versions[head-1].has("", l.text) {
						rt.Fatalf("commits %d to %d: nobody took %q", base, head, l.text)
					}
					continue
				}
				n.checkTaker(rt, base, head, l.text, s)
			}
		}
	})
}

func (n *narrator) checkTaker(rt *rapid.T, base, head int, text string, s gitrepo.Source) {
	var taker int
	if _, err := fmt.Sscanf(s.Commit.Subject, "commit %d", &taker); err != nil || s.Certainty != gitrepo.Certain {
		rt.Fatalf("%q: got %+v", text, s)
	}
	if !n.reaches(head, taker) || n.reaches(base, taker) {
		rt.Fatalf("%q: commit %d is not between %d and %d", text, taker, base, head)
	}
	for _, p := range n.parents[taker-1] {
		for path := range n.versions[p-1] {
			if n.versions[p-1].has(path, text) && !n.versions[taker-1].has(path, text) {
				return
			}
		}
	}
	rt.Fatalf("commit %d took %q: it is in no parent, or still there", taker, text)
}

func TestBlameSaysWhoAndWhen(t *testing.T) {
	t.Parallel()
	dir, commits := history(t)
	git(t, dir, "commit", "-q", "--allow-empty", "--amend", "-m", "  four: subject \n\nbody", "--author=Ann Other <ann@example.com>", "--date=2026-03-01T12:00:00+02:00")
	got := blame(t, dir, "HEAD", map[string]int{"acme/main.hcl": 1, "acme/teams/a.hcl": 1, "gone.hcl": 1})
	s := got[gitrepo.Line{File: "acme/main.hcl", Number: 1}]
	want := gitrepo.Commit{ID: git(t, dir, "rev-parse", "HEAD"), Author: "Ann Other", Subject: "four: subject"}
	if when := s.Commit.Date; !when.Equal(time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("date: got %s", when)
	}
	if made := s.Commit.Committed; time.Since(made).Abs() > time.Hour {
		t.Errorf("committed: got %s, want about now", made)
	}
	s.Commit.Date, s.Commit.Committed = time.Time{}, time.Time{}
	if s.Commit != want {
		t.Errorf("got %+v, want %+v", s.Commit, want)
	}
	if s := got[gitrepo.Line{File: "acme/teams/a.hcl", Number: 1}]; s.Commit.ID != commits["main"] {
		t.Errorf("teams/a.hcl: got %+v, want commit %s", s, commits["main"])
	}
	if s, ok := got[gitrepo.Line{File: "gone.hcl", Number: 1}]; !ok || s != (gitrepo.Source{}) {
		t.Errorf("a file that is not there: got %+v, want Unknown", s)
	}
}
