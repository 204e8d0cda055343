package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// hostileConfig is a configuration in which some people have an app.
const hostileConfig = `
target "scim" "corp" { base_url = "https://scim.example.com/v2" }
app "vpn" { target = target.scim.corp }
user "ann" { login = "ann@example.com" }
user "bob" { login = "bob@example.com" }
assignment "some" {
  app   = app.vpn
  users = [%s]
}
`

// hostileRepo is a repository with one good commit on main, into which objects
// are put that no worktree gives.
type hostileRepo struct {
	t        *testing.T
	dir      string
	ann, bob string
}

func newHostileRepo(t *testing.T) *hostileRepo {
	t.Helper()
	r := &hostileRepo{t: t, dir: t.TempDir()}
	git(t, r.dir, "init", "-q", "-b", "main")
	r.ann = r.put(fmt.Sprintf(hostileConfig, "user.ann"), "hash-object", "-w", "--stdin")
	r.bob = r.put(fmt.Sprintf(hostileConfig, "user.ann, user.bob"), "hash-object", "-w", "--stdin")
	r.branch("main", r.tree("100644 blob "+r.ann+"\tmain.hcl"))
	git(t, r.dir, "checkout", "-q", "main")
	return r
}

// put gives git something to read, and returns what it says.
func (r *hostileRepo) put(stdin string, args ...string) string {
	r.t.Helper()
	c := exec.Command("git", args...)
	c.Dir, c.Env, c.Stdin = r.dir, gitEnv(r.dir), strings.NewReader(stdin)
	out, err := c.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (r *hostileRepo) tree(lines ...string) string {
	r.t.Helper()
	return r.put(strings.Join(lines, "\n")+"\n", "mktree")
}

// branch commits a tree on top of main, as whoever.
func (r *hostileRepo) branch(name, tree string, who ...string) {
	r.t.Helper()
	text := "tree " + tree + "\n"
	if name != "main" {
		text += "parent " + git(r.t, r.dir, "rev-parse", "main") + "\n"
	}
	by := "Ann <ann@example.com> 1700000000 +0000"
	if len(who) > 0 {
		by = who[0]
	}
	text += fmt.Sprintf("author %s\ncommitter %s\n\n\x1b[2J\x1b]0;x\x07one <img src=x> @everyone\n", by, by)
	id := r.put(text, "hash-object", "-t", "commit", "-w", "--stdin", "--literally")
	git(r.t, r.dir, "update-ref", "refs/heads/"+name, id)
}

// says runs rollcall in the repository.
func (r *hostileRepo) says(args ...string) (code int, out string) {
	r.t.Helper()
	c := exec.Command("rollcall", args...)
	c.Dir, c.Env = r.dir, append(os.Environ(), "HOME="+r.dir, "GORACE="+noExitSleep)
	b, _ := c.CombinedOutput()
	return c.ProcessState.ExitCode(), string(b)
}

// TestHostileRevisionsEndAsErrors asks for branches whose trees are not what a
// configuration is: each is an error that says why.
func TestHostileRevisionsEndAsErrors(t *testing.T) {
	t.Parallel()
	r := newHostileRepo(t)
	main := "100644 blob " + r.ann + "\tmain.hcl"
	bomb := r.tree("100644 blob " + r.ann + "\tx.txt")
	for range 9 {
		var ten []string
		for i := range 10 {
			ten = append(ten, fmt.Sprintf("040000 tree %s\td%d", bomb, i))
		}
		bomb = r.tree(ten...)
	}
	large := r.put(strings.Repeat("# 0123456789abcdef\n", 64<<10), "hash-object", "-w", "--stdin")
	var many []string
	empty := r.put("", "hash-object", "-w", "--stdin")
	for i := range 5001 {
		many = append(many, fmt.Sprintf("100644 blob %s\tf%05d.hcl", empty, i))
	}
	tests := map[string]struct{ tree, says string }{
		"bomb":   {r.tree("040000 tree "+bomb+"\tdeep", main), "250000 files and folders"},
		"large":  {r.tree("100644 blob "+large+"\tlarge.hcl", main), "too large"},
		"many":   {r.tree(many...), "more than 5000 files"},
		"link":   {r.tree("120000 blob "+r.put("../../etc/passwd", "hash-object", "-w", "--stdin")+"\tx.hcl", main), "symbolic link"},
		"module": {r.tree("160000 commit "+git(t, r.dir, "rev-parse", "main")+"\tmodule", main), "submodule"},
	}
	for name, tt := range tests {
		r.branch(name, tt.tree)
		for _, args := range [][]string{{"diff", "-no-color", "main", name}, {"access", "-no-color", "-at=" + name}} {
			code, said := r.says(args...)
			if code != 1 || !strings.Contains(said, tt.says) {
				t.Errorf("%v: exit code %d, want 1 and %q:\n%.2000s", args, code, tt.says, said)
			}
		}
	}
}

// codeSpan is what Markdown shows as it is.
var codeSpan = regexp.MustCompile("`[^`\n]*`")

// TestWhoHasMadeACommitIsShownAndDoesNothing blames commits whose authors, dates
// and messages are for a terminal, a page or a parser.
func TestWhoHasMadeACommitIsShownAndDoesNothing(t *testing.T) {
	t.Parallel()
	r := newHostileRepo(t)
	tree := r.tree("100644 blob " + r.bob + "\tmain.hcl")
	for i, who := range []string{
		"\x1b[31mAnn\x1b]0;title\x07 @everyone <ann@example.com> 99999999999999 +0000",
		"Ann\u202e <script>alert(1)</script> <x> -9999999999999 -9999",
		"| Ann `x` ![](http://evil) <x> 1700000000 +9999",
	} {
		name := fmt.Sprint("b", i)
		r.branch(name, tree, who)
		for _, format := range []string{"text", "json", "markdown", "github", "gitlab-report"} {
			code, said := r.says("diff", "-no-color", "-format="+format, "main", name)
			if code != 0 || strings.ContainsAny(said, "\x1b\x07") || strings.Contains(said, "\u202e") {
				t.Errorf("%q as %s: exit code %d:\n%q", who, format, code, said)
			}
		}
	}
	_, page := r.says("diff", "-format=markdown", "main", "b1")
	if outside := codeSpan.ReplaceAllString(page, ""); strings.Contains(outside, "<script>") || strings.Contains(outside, "<img") || strings.Contains(outside, "@") {
		t.Errorf("outside of code:\n%s", outside)
	}
	if code, said := r.says("diff", "-no-color", "main", "b0"); code != 0 || !strings.Contains(said, "9999-12-30") {
		t.Errorf("exit code %d, want 0 and the last day that can be written down:\n%s", code, said)
	}
}

// TestARepositoryThatIsAFileElsewhereIsRead has .git be what worktrees and
// submodules have, and what a folder in a checkout cannot have.
func TestARepositoryThatIsAFileElsewhereIsRead(t *testing.T) {
	t.Parallel()
	r := newHostileRepo(t)
	away := filepath.Join(t.TempDir(), "worktree")
	git(t, r.dir, "worktree", "add", "-q", "-b", "away", away)
	r.branch("next", r.tree("100644 blob "+r.bob+"\tmain.hcl"))
	here := &hostileRepo{t: t, dir: away}
	if code, said := here.says("diff", "-no-color", "main", "next"); code != 0 || !strings.Contains(said, "bob") {
		t.Errorf("worktree: exit code %d:\n%s", code, said)
	}
	for content, want := range map[string]string{
		"gitdir: /nowhere\n": "nowhere", "gitdir: .\n": "", "gitdir: /dev/zero\n": "", "nothing": "does not name a git folder",
		"gitdir: \x1b[2J\n": "",
	} {
		putFile(t, filepath.Join(away, ".git"), content)
		code, said := here.says("diff", "-no-color", "main", "next")
		if code != 1 || !strings.Contains(said, want) || strings.Contains(said, "\x1b") {
			t.Errorf(".git is %q: exit code %d, want 1 and %q:\n%q", content, code, want, said)
		}
	}
}
