package gitrepo_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/gitrepo"
)

// at opens the folder acme of dir at a revision.
func at(t *testing.T, dir, rev string) *gitrepo.Revision {
	t.Helper()
	r, err := gitrepo.Open(filepath.Join(dir, "acme"), rev)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// history makes a repository whose acme/main.hcl holds its commit's number, with
// a branch "side" merged into the third commit. It returns the commits by number.
func history(t *testing.T) (dir string, commits map[string]string) {
	t.Helper()
	dir, one := repository(t)
	commits = map[string]string{"main": one}
	commit := func(content string) {
		write(t, dir, "acme/main.hcl", content)
		git(t, dir, "add", ".")
		git(t, dir, "commit", "-q", "-m", content)
		commits[content] = git(t, dir, "rev-parse", "HEAD")
	}
	git(t, dir, "checkout", "-q", "-b", "side/branch")
	commit("side")
	git(t, dir, "tag", "-a", "v1", "-m", "annotated")
	git(t, dir, "tag", "light")
	git(t, dir, "checkout", "-q", "main")
	commit("two")
	git(t, dir, "merge", "-q", "-s", "ours", "--no-ff", "-m", "merge", "side/branch")
	commits["merge"] = git(t, dir, "rev-parse", "HEAD")
	commit("four")
	return dir, commits
}

func TestRevisionIsFoundByEveryName(t *testing.T) {
	t.Parallel()
	dir, commits := history(t)
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", dir, clone)
	git(t, clone, "gc", "-q")
	tests := map[string]string{
		"HEAD": "four", "@": "four", "main": "four", "refs/heads/main": "four", "heads/main": "four",
		"HEAD~1": "merge", "HEAD~": "merge", "HEAD^": "merge", "HEAD~2": "two", "HEAD~1^2": "side", "HEAD^^2": "side",
		"HEAD~3": "main", "HEAD^0": "four", "HEAD~0": "four",
		"v1": "side", "light": "side", "tags/v1": "side", "v1~1": "main",
		"origin/side/branch": "side", "remotes/origin/side/branch": "side", "origin": "four",
		commits["two"]: "two", commits["two"][:4+3]: "two", strings.ToUpper(commits["side"][:10]): "side",
		commits["two"] + "~1": "main", commits["merge"][:9] + "^2": "side",
	}
	for rev, want := range tests {
		t.Run(strings.ReplaceAll(rev, "/", "_"), func(t *testing.T) {
			t.Parallel()
			if got := at(t, clone, rev).Commit; got != commits[want] {
				t.Errorf("commit: got %s, want %s (%s)", got, commits[want], want)
			}
		})
	}
}

func TestFilesAreThoseOfTheRevision(t *testing.T) {
	t.Parallel()
	dir, _ := history(t)
	write(t, dir, "acme/main.hcl", "not committed", "acme/new.hcl", "new")
	tests := map[string]string{"HEAD": "four", "HEAD~2": "two", "v1": "side", "HEAD~3": "main"}
	for rev, want := range tests {
		files := at(t, dir, rev).FS()
		if err := fstest.TestFS(files, "main.hcl", "teams/a.hcl", "hr.csv", "_old/b.hcl"); err != nil {
			t.Errorf("%s: %v", rev, err)
		}
		got, err := fs.ReadFile(files, "main.hcl")
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", rev, got, err, want)
		}
		if _, err := fs.Stat(files, "new.hcl"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: a file that is not there: got %v", rev, err)
		}
	}
}

func TestContentHasOneNameInAllRevisionsOfItsRepository(t *testing.T) {
	t.Parallel()
	dir, _ := history(t)
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", dir, clone)
	name := func(dir, rev, file string) string {
		return at(t, dir, rev).FS().(interface{ ContentName(string) string }).ContentName(file)
	}
	head := name(dir, "HEAD", "main.hcl")
	if same := name(dir, "HEAD", "main.hcl"); head == "" || same != head {
		t.Errorf("the same file: got %q and %q", head, same)
	}
	if a, b := name(dir, "HEAD", "teams/a.hcl"), name(dir, "HEAD~3", "teams/a.hcl"); a == "" || a != b {
		t.Errorf("a file that did not change: got %q and %q", a, b)
	}
	others := map[string]string{
		"changed": name(dir, "HEAD~2", "main.hcl"), "another": name(dir, "HEAD", "hr.csv"), "cloned": name(clone, "HEAD", "main.hcl"),
	}
	for what, other := range others {
		if other == "" || other == head {
			t.Errorf("%s: got %q, want another name than %q", what, other, head)
		}
	}
	for _, none := range []string{"teams", ".", "gone.hcl", "../x"} {
		if got := name(dir, "HEAD", none); got != "" {
			t.Errorf("%s is no file: got %q", none, got)
		}
	}
}

func TestTopOfTheRepositoryHasAllFolders(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t)
	bare := filepath.Join(dir, "other", "bare.git")
	git(t, dir, "clone", "-q", "--bare", dir, bare)
	for _, dir := range []string{dir, bare} {
		r, err := gitrepo.Open(dir, "main")
		if err != nil {
			t.Fatal(err)
		}
		names, err := fs.Glob(r.FS(), "*/*.hcl")
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(names, []string{"acme/main.hcl", "acme/main.test.hcl", "other/x.hcl"}); diff != "" {
			t.Errorf("files of %s (- got, + want):\n%s", dir, diff)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestFolderThatTheRevisionDoesNotHaveIsEmpty(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t)
	write(t, dir, "new/main.hcl", "n")
	r, err := gitrepo.Open(filepath.Join(dir, "new"), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // nothing was written
	if entries, err := fs.ReadDir(r.FS(), "."); err != nil || len(entries) > 0 {
		t.Errorf("entries: got %v, %v, want none", entries, err)
	}
}

func TestRevisionOfUnusualRepositoriesIsRead(t *testing.T) {
	t.Parallel()
	dir, commits := history(t)
	tests := map[string][]string{
		"shared":    {"clone", "-q", "--shared", dir},
		"reference": {"clone", "-q", "--reference", dir, dir},
		"shallow":   {"clone", "-q", "--depth=1", "file://" + dir},
		"worktree":  {"worktree", "add", "-q", "--detach"},
	}
	for name, args := range tests {
		t.Run(name, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), "clone")
			git(t, dir, append(args, to)...)
			r := at(t, to, "HEAD")
			if got, err := fs.ReadFile(r.FS(), "main.hcl"); err != nil || string(got) != "four" || r.Commit != commits["four"] {
				t.Errorf("main.hcl: got %q, %v at %s, want %q", got, err, r.Commit, "four")
			}
		})
	}
}

func TestRevisionThatIsNotThereIsExplained(t *testing.T) {
	t.Parallel()
	dir, commits := history(t)
	shallow := filepath.Join(t.TempDir(), "shallow")
	git(t, dir, "clone", "-q", "--depth=2", "file://"+dir, shallow)
	tree := git(t, dir, "rev-parse", "HEAD^{tree}")
	tests := []struct{ dir, rev, says string }{
		{dir, "mian", `no branch, tag or commit "mian"; did you mean "main"?`},
		{dir, "nothing-like-it", `it has ["light" "main" "side/branch" "v1"]`},
		{dir, strings.Repeat("0", 40), "no branch, tag or commit"},
		{dir, "", "no branch, tag or commit"},
		{dir, "abc", "no branch, tag or commit"},
		{dir, "HEAD~9", "has 0 parents"},
		{dir, "HEAD^2", "has 1 parents"},
		{dir, "HEAD^{tree}", "only ~N and ^N"},
		{dir, "HEAD~99999999999999999999", "only ~N and ^N"},
		{dir, "HEAD@{1}", "no branch, tag or commit"},
		{dir, "../../../etc/passwd", "no branch, tag or commit"},
		{dir, tree, "is a tree, not a commit"},
		{shallow, "HEAD~2", "git fetch --unshallow"},
		{shallow, commits["main"], "The clone is shallow"},
		{shallow, "side/branch", "git fetch origin BRANCH"},
	}
	for _, tt := range tests {
		t.Run(strings.ReplaceAll(tt.rev, "/", "_"), func(t *testing.T) {
			t.Parallel()
			_, err := gitrepo.Open(filepath.Join(tt.dir, "acme"), tt.rev)
			missing := (*gitrepo.RevisionError)(nil)
			if !errors.As(err, &missing) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v, want a RevisionError that says %q", err, tt.says)
			}
		})
	}
}

func TestBeginningOfSeveralIDsIsRefused(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t)
	seen := map[string]bool{}
	for i := range 2000 { // two of so many share four digits
		commit := git(t, dir, "commit-tree", "HEAD^{tree}", "-m", fmt.Sprint(i))
		if begin := commit[:4]; seen[begin] {
			if _, err := gitrepo.Open(dir, begin); err == nil || !strings.Contains(err.Error(), "give more of it") {
				t.Errorf("open %s: got %v", begin, err)
			}
			return
		}
		seen[commit[:4]] = true
	}
	t.Fatal("no two commits have ids that begin alike")
}

func TestLinksAndSubmodulesAreRefusedByPath(t *testing.T) {
	t.Parallel()
	dir, commit := repository(t)
	for link, to := range map[string]string{"inside.hcl": "main.hcl", "out.hcl": "../../../../etc/passwd", "folder": "teams"} {
		if err := os.Symlink(to, filepath.Join(dir, "acme", link)); err != nil {
			t.Fatal(err)
		}
	}
	git(t, dir, "add", ".")
	git(t, dir, "update-index", "--add", "--cacheinfo", "160000,"+commit+",acme/vendor")
	git(t, dir, "commit", "-q", "-m", "links")
	files := at(t, dir, "HEAD").FS()
	for _, name := range []string{"inside.hcl", "out.hcl", "folder", "folder/a.hcl"} {
		if _, err := fs.ReadFile(files, name); err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "symbolic link") {
			t.Errorf("read %s: got %v", name, err)
		}
	}
	if _, err := fs.ReadDir(files, "vendor"); err == nil || !strings.Contains(err.Error(), "submodule") {
		t.Errorf("list a submodule: got %v", err)
	}
	if _, err := fs.ReadFile(files, "vendor/x.hcl"); err == nil || !strings.Contains(err.Error(), "submodule") {
		t.Errorf("read in a submodule: got %v", err)
	}
}

func TestContentThatAPartialCloneLacksIsExplained(t *testing.T) {
	t.Parallel()
	dir, _ := history(t)
	git(t, dir, "config", "uploadpack.allowFilter", "true")
	to := filepath.Join(t.TempDir(), "clone")
	git(t, dir, "clone", "-q", "--filter=blob:none", "file://"+dir, to)
	if _, err := fs.ReadFile(at(t, to, "HEAD~2").FS(), "main.hcl"); err == nil || !strings.Contains(err.Error(), "partial clone") {
		t.Errorf("read: got %v", err)
	}
}

func TestRevisionNeedsARepositoryThatCanBeRead(t *testing.T) {
	t.Parallel()
	if _, err := gitrepo.Open(t.TempDir(), "HEAD"); err == nil || !strings.Contains(err.Error(), "no git repository") {
		t.Errorf("outside of a repository: got %v", err)
	}
	dir, _ := repository(t, "--object-format=sha256")
	if _, err := gitrepo.Open(dir, "HEAD"); !errors.Is(err, gitrepo.ErrObjectFormat) {
		t.Errorf("SHA-256 objects: got %v, want %v", err, gitrepo.ErrObjectFormat)
	}
}

func TestTreeWithImpossibleNamesIsRefused(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t)
	blob := git(t, dir, "rev-parse", "HEAD:README.md")
	raw := make([]byte, 20)
	if _, err := fmt.Sscanf(blob, "%40x", &raw); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"..", ".", "a/b"} {
		file := filepath.Join(t.TempDir(), "tree")
		if err := os.WriteFile(file, append([]byte("100644 "+name+"\x00"), raw...), 0o600); err != nil {
			t.Fatal(err)
		}
		tree := git(t, dir, "hash-object", "-t", "tree", "-w", "--literally", file)
		commit := git(t, dir, "commit-tree", tree, "-m", "hostile")
		r, err := gitrepo.Open(dir, commit)
		if err == nil {
			_, err = fs.ReadDir(r.FS(), ".")
		}
		if err == nil {
			t.Errorf("a file called %q: got no error", name)
		}
	}
}
