package gitrepo_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/providers/gitrepo"
)

// since says which commit gave acme/hr.csv its content, marked for what is not certain.
func since(t *testing.T, dir, rev string, folder bool, limits gitrepo.Limits) string {
	t.Helper()
	var files fs.FS
	if folder {
		files = os.DirFS(filepath.Join(dir, "acme"))
	}
	s, err := at(t, dir, rev).Since("hr.csv", files, limits)
	if err != nil {
		t.Fatal(err)
	}
	return []string{"?", "", "<=", "uncommitted"}[s.Certainty] + s.Commit.Subject
}

// exported makes a repository whose acme/hr.csv is "a", then "b", then for two
// commits what it was, then "a" again and renamed on the way; "side" touches
// another file and is merged last.
func exported(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	git(t, dir, "init", "-q", "-b", "main")
	commit := func(subject string, files ...string) {
		t.Helper()
		write(t, dir, files...)
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-q", "--allow-empty", "-m", subject)
	}
	commit("a", "acme/hr.csv", "login\na\n")
	commit("b", "acme/hr.csv", "login\nb\n")
	commit("elsewhere", "other.txt", "x")
	git(t, dir, "checkout", "-q", "-b", "side")
	commit("side", "side.txt", "x")
	git(t, dir, "checkout", "-q", "main")
	commit("a again", "acme/hr.csv", "login\na\n")
	git(t, dir, "mv", "acme/hr.csv", "acme/people.csv")
	commit("renamed")
	git(t, dir, "mv", "acme/people.csv", "acme/hr.csv")
	commit("renamed back")
	git(t, dir, "merge", "-q", "--no-ff", "-m", "merge", "side")
	return dir
}

func TestAFileIsAsOldAsTheCommitThatGaveItItsContent(t *testing.T) {
	t.Parallel()
	dir := exported(t)
	tests := map[string]struct{ rev, want string }{
		"the first":                           {"HEAD~6", "a"},
		"changed":                             {"HEAD~5", "b"},
		"a commit that touches another file":  {"HEAD~4", "b"},
		"another branch":                      {"side", "b"},
		"set back":                            {"HEAD~3", "a again"},
		"renamed there and back, and a merge": {"HEAD", "a again"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := since(t, dir, tt.rev, false, gitrepo.Limits{}); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestAFileOfTheFolderIsTheRevisionsOnlyAsLongAsItIsTheSame(t *testing.T) {
	t.Parallel()
	dir := exported(t)
	if got := since(t, dir, "HEAD", true, gitrepo.Limits{}); got != "a again" {
		t.Errorf("as committed: got %q", got)
	}
	later := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(dir, "acme", "hr.csv"), later, later); err != nil {
		t.Fatal(err)
	}
	if got := since(t, dir, "HEAD", true, gitrepo.Limits{}); got != "a again" {
		t.Errorf("touched: got %q", got)
	}
	write(t, dir, "acme/hr.csv", "login\nx\n")
	if got := since(t, dir, "HEAD", true, gitrepo.Limits{}); got != "uncommitted" {
		t.Errorf("written: got %q", got)
	}
	git(t, dir, "rm", "-q", "--cached", "acme/hr.csv")
	git(t, dir, "commit", "-q", "-m", "not tracked")
	if got := since(t, dir, "HEAD", true, gitrepo.Limits{}); got != "uncommitted" {
		t.Errorf("not tracked: got %q", got)
	}
	if got := since(t, dir, "HEAD", false, gitrepo.Limits{}); got != "?" {
		t.Errorf("not in the revision: got %q", got)
	}
}

// A checkout that is not byte for byte what is committed is as old as the commit
// nevertheless, until somebody writes it.
func TestAFileThatGitChangedWhenItCheckedItOutIsAsCommitted(t *testing.T) {
	t.Parallel()
	dir, clone := exported(t), filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", "-c", "core.autocrlf=true", dir, clone)
	content, err := os.ReadFile(filepath.Join(clone, "acme", "hr.csv"))
	if err != nil || string(content) != "login\r\na\r\n" {
		t.Fatalf("the checkout is %q, %v", content, err)
	}
	if got := since(t, clone, "HEAD", true, gitrepo.Limits{}); got != "a again" {
		t.Errorf("got %q", got)
	}
	write(t, clone, "acme/hr.csv", "login\r\nb\r\n")
	now := time.Now().Add(time.Hour)
	if err := os.Chtimes(filepath.Join(clone, "acme", "hr.csv"), now, now); err != nil {
		t.Fatal(err)
	}
	if got := since(t, clone, "HEAD", true, gitrepo.Limits{}); got != "uncommitted" {
		t.Errorf("written: got %q", got)
	}
}

func TestWhereTheHistoryEndsTheAgeOfAFileIsNotCertain(t *testing.T) {
	t.Parallel()
	dir := exported(t)
	git(t, dir, "config", "uploadpack.allowFilter", "true")
	tests := map[string]struct {
		args   []string
		limits gitrepo.Limits
		want   string
	}{
		"whole":           {[]string{"clone", "-q"}, gitrepo.Limits{}, "a again"},
		"shallow":         {[]string{"clone", "-q", "--depth=1"}, gitrepo.Limits{}, "<=merge"},
		"shallow, enough": {[]string{"clone", "-q", "--depth=6"}, gitrepo.Limits{}, "a again"},
		"without blobs":   {[]string{"clone", "-q", "--filter=blob:none"}, gitrepo.Limits{}, "a again"},
		"without trees":   {[]string{"clone", "-q", "--filter=tree:0"}, gitrepo.Limits{}, "<=merge"},
		"too long":        {[]string{"clone", "-q"}, gitrepo.Limits{Commits: 2}, "?"},
		"no content read": {[]string{"clone", "-q"}, gitrepo.Limits{Bytes: 1}, "a again"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := filepath.Join(t.TempDir(), "clone")
			git(t, dir, append(tt.args, "file://"+dir, to)...)
			if got := since(t, to, "HEAD", true, tt.limits); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
