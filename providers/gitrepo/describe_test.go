package gitrepo_test

import (
	"crypto/sha1"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rollcall-dev/rollcall/providers/gitrepo"
	"github.com/rollcall-dev/rollcall/schema"
)

// git runs the git program in dir, without any configuration of the machine.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com",
	)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// write puts files into dir: names and contents in turn.
func write(t *testing.T, dir string, namesAndContents ...string) {
	t.Helper()
	for i := 0; i < len(namesAndContents); i += 2 {
		name := filepath.Join(dir, filepath.FromSlash(namesAndContents[i]))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(namesAndContents[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func read(name, content string) schema.File {
	return schema.File{Name: name, BlobID: fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content)))}
}

// repository makes one with a configuration below the folder "acme", committed.
func repository(t *testing.T, init ...string) (dir, commit string) {
	t.Helper()
	dir = t.TempDir()
	git(t, dir, append([]string{"init", "-q", "-b", "main"}, init...)...)
	write(t, dir,
		"README.md", "hello", "other/x.hcl", "x",
		"acme/main.hcl", "main", "acme/teams/a.hcl", "a", "acme/hr.csv", "login\n",
		"acme/_old/b.hcl", "b", "acme/main.test.hcl", "test",
	)
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "one")
	return dir, git(t, dir, "rev-parse", "HEAD")
}

func committed() []schema.File {
	return []schema.File{read("hr.csv", "login\n"), read("main.hcl", "main"), read("teams/a.hcl", "a")}
}

// describe checks what Describe says of acme in dir.
func describe(t *testing.T, dir string, files []schema.File, wantCommit string, wantDirty bool) {
	t.Helper()
	commit, dirty, err := gitrepo.Describe(filepath.Join(dir, "acme"), files)
	if err != nil {
		t.Fatal(err)
	}
	if commit != wantCommit || dirty != wantDirty {
		t.Errorf("describe: got commit %q, dirty %t, want %q, %t", commit, dirty, wantCommit, wantDirty)
	}
}

func TestFilesAsCommittedAreClean(t *testing.T) {
	t.Parallel()
	dir, commit := repository(t)
	describe(t, dir, committed(), commit, false)
	describe(t, dir, committed()[1:], commit, false) // a data file that nothing reads
}

func TestFilesThatDifferFromHeadAreDirty(t *testing.T) {
	t.Parallel()
	dir, commit := repository(t)
	tests := map[string][]schema.File{
		"other content":            append(committed()[:2:2], read("teams/a.hcl", "b")),
		"a file that is not there": append(committed(), read("new.hcl", "n")),
		"a file is gone":           committed()[:2],
		"no files":                 nil,
		"renamed":                  append(committed()[:2:2], read("teams/z.hcl", "a")),
	}
	for name, files := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			describe(t, dir, files, commit, true)
		})
	}
}

func TestFolderOutsideOfARepositoryHasNoCommit(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, dir, "acme/main.hcl", "main")
	describe(t, dir, []schema.File{read("main.hcl", "main")}, "", false)
}

func TestRepositoryWithoutACommitIsDirty(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	git(t, dir, "init", "-q")
	write(t, dir, "acme/main.hcl", "main")
	describe(t, dir, []schema.File{read("main.hcl", "main")}, "", true)
}

func TestFolderThatHeadDoesNotHaveIsDirty(t *testing.T) {
	t.Parallel()
	dir, commit := repository(t)
	git(t, dir, "rm", "-rq", "acme")
	git(t, dir, "commit", "-q", "-m", "two")
	write(t, dir, "acme/main.hcl", "main")
	describe(t, dir, []schema.File{read("main.hcl", "main")}, git(t, dir, "rev-parse", "HEAD"), true)
	if now := git(t, dir, "rev-parse", "HEAD"); now == commit {
		t.Fatalf("HEAD is still %s", now)
	}
}

func TestTopOfTheWorktreeCountsFilesOfAllFolders(t *testing.T) {
	t.Parallel()
	dir, commit := repository(t)
	files := []schema.File{read("acme/main.hcl", "main"), read("acme/teams/a.hcl", "a"), read("other/x.hcl", "x")}
	got, dirty, err := gitrepo.Describe(dir, files)
	if err != nil || got != commit || dirty {
		t.Errorf("describe: got %q, %t, %v, want %q, false", got, dirty, err, commit)
	}
}

func TestUnusualRepositoriesAreRead(t *testing.T) {
	t.Parallel()
	dir, commit := repository(t)
	tests := map[string]func(t *testing.T, to string){
		"shared":    func(t *testing.T, to string) { git(t, dir, "clone", "-q", "--shared", dir, to) },
		"reference": func(t *testing.T, to string) { git(t, dir, "clone", "-q", "--reference", dir, dir, to) },
		"shallow":   func(t *testing.T, to string) { git(t, dir, "clone", "-q", "--depth=1", "file://"+dir, to) },
		"partial": func(t *testing.T, to string) {
			git(t, dir, "clone", "-q", "--filter=blob:none", "--no-local", dir, to)
		},
		"sparse": func(t *testing.T, to string) {
			git(t, dir, "clone", "-q", dir, to)
			git(t, to, "sparse-checkout", "set", "acme")
		},
		"worktree": func(t *testing.T, to string) { git(t, dir, "worktree", "add", "-q", "--detach", to) },
		"packed": func(t *testing.T, to string) {
			git(t, dir, "clone", "-q", dir, to)
			git(t, to, "gc", "-q")
			git(t, to, "pack-refs", "--all")
		},
		"detached": func(t *testing.T, to string) {
			git(t, dir, "clone", "-q", dir, to)
			git(t, to, "checkout", "-q", "--detach")
		},
		"linked folder": func(t *testing.T, to string) {
			if err := os.Symlink(dir, to); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, makeAt := range tests {
		t.Run(name, func(t *testing.T) {
			to := filepath.Join(t.TempDir(), "clone")
			makeAt(t, to)
			describe(t, to, committed(), commit, false)
			describe(t, to, committed()[:2], commit, true)
		})
	}
}

func TestLinkedFileIsWhatItLeadsTo(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t)
	for link, to := range map[string]string{"linked.hcl": "teams/a.hcl", "teams/up.hcl": "../main.hcl"} {
		if err := os.Symlink(filepath.FromSlash(to), filepath.Join(dir, "acme", filepath.FromSlash(link))); err != nil {
			t.Fatal(err)
		}
	}
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-q", "-m", "links")
	commit := git(t, dir, "rev-parse", "HEAD")
	files := append(committed(), read("linked.hcl", "a"), read("teams/up.hcl", "main"))
	describe(t, dir, files, commit, false)
	files[len(files)-1] = read("teams/up.hcl", "other")
	describe(t, dir, files, commit, true)
}

func TestRepositoryOfSHA256ObjectsIsRefused(t *testing.T) {
	t.Parallel()
	dir, _ := repository(t, "--object-format=sha256")
	if _, _, err := gitrepo.Describe(dir, nil); !errors.Is(err, gitrepo.ErrObjectFormat) {
		t.Errorf("describe: got %v, want %v", err, gitrepo.ErrObjectFormat)
	}
}

func TestDamagedRepositoryIsAnError(t *testing.T) {
	t.Parallel()
	tests := map[string]func(dir string) error{
		"objects are gone":   func(dir string) error { return os.RemoveAll(filepath.Join(dir, ".git", "objects")) },
		"a file, no pointer": func(dir string) error { return replaceGit(dir, "nonsense\n") },
		"a pointer to nothing": func(dir string) error {
			return replaceGit(dir, "gitdir: nowhere\n")
		},
	}
	for name, damage := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, _ := repository(t)
			if err := damage(dir); err != nil {
				t.Fatal(err)
			}
			if commit, _, err := gitrepo.Describe(dir, committed()); err == nil {
				t.Errorf("describe: got commit %q and no error", commit)
			}
		})
	}
}

// replaceGit puts a file into the place of .git.
func replaceGit(dir, content string) error {
	git := filepath.Join(dir, ".git")
	if err := os.RemoveAll(git); err != nil {
		return err
	}
	return os.WriteFile(git, []byte(content), 0o644)
}
