package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// hook is an entry of .pre-commit-hooks.yaml.
type hook struct {
	ID            string `yaml:"id"`
	Name          string `yaml:"name"`
	Description   string `yaml:"description"`
	Entry         string `yaml:"entry"`
	Language      string `yaml:"language"`
	Files         string `yaml:"files"`
	Exclude       string `yaml:"exclude"`
	PassFilenames *bool  `yaml:"pass_filenames"`
	RequireSerial bool   `yaml:"require_serial"`
}

// readHooks reads the hooks by their id.
func readHooks(t *testing.T) map[string]hook {
	t.Helper()
	var all []hook
	if err := yaml.UnmarshalWithOptions([]byte(contentOf(t, "../../.pre-commit-hooks.yaml")), &all, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	byID := map[string]hook{}
	for _, h := range all {
		byID[h.ID] = h
	}
	return byID
}

// commits is a repository in which somebody is about to commit.
type commits struct {
	t   *testing.T
	dir string
}

// stage puts a file into the index.
func (c *commits) stage(name, content string) {
	c.t.Helper()
	putFile(c.t, filepath.Join(c.dir, name), content)
	git(c.t, c.dir, "add", name)
}

// run does what pre-commit does with a hook: it gives it the staged files that
// match, unless the hook wants none, and fails if the hook fails or has changed
// a file.
func (c *commits) run(h hook, args ...string) (out string, ok bool) {
	c.t.Helper()
	var staged []string
	for file := range strings.FieldsSeq(git(c.t, c.dir, "diff", "--cached", "--name-only", "--diff-filter=ACMRTUXB")) {
		if regexp.MustCompile(h.Files).MatchString(file) && (h.Exclude == "" || !regexp.MustCompile(h.Exclude).MatchString(file)) {
			staged = append(staged, file)
		}
	}
	if len(staged) == 0 {
		return "(no files to check) Skipped", true
	}
	command := append(strings.Fields(h.Entry), args...)
	if h.PassFilenames == nil || *h.PassFilenames {
		command = append(command, staged...)
	}
	env := append(gitEnv(c.dir), "PATH="+filepath.Dir(binary(c.t))+":"+os.Getenv("PATH"))
	command[0] = filepath.Join(filepath.Dir(binary(c.t)), command[0])
	out, ok = execute(c.t, c.dir, env, command)
	return out, ok && git(c.t, c.dir, "diff", "--name-only") == ""
}

func newCommits(t *testing.T) *commits {
	t.Helper()
	c := &commits{t, t.TempDir()}
	git(t, c.dir, "init", "-q", "-b", "main")
	return c
}

func TestPreCommitFormatsWhatIsStaged(t *testing.T) {
	t.Parallel()
	c, h := newCommits(t), readHooks(t)["rollcall-fmt"]
	untidy := "user \"x\" {\nlogin=\"x@example.com\"\n}\n"
	c.stage("access/people.hcl", untidy)
	c.stage("README.md", "people")
	putFile(t, filepath.Join(c.dir, "access/draft.hcl"), untidy)
	if out, ok := c.run(h); ok || !strings.Contains(out, "access/people.hcl") {
		t.Errorf("the commit goes on with a file that is not formatted: %s", out)
	}
	if got := contentOf(t, filepath.Join(c.dir, "access/draft.hcl")); got != untidy {
		t.Errorf("a file that is not staged was changed to:\n%s", got)
	}
	git(t, c.dir, "add", "-u")
	if out, ok := c.run(h); !ok || out != "" {
		t.Errorf("the second time: %s", out)
	}
}

func TestPreCommitValidatesTheWholeConfiguration(t *testing.T) {
	t.Parallel()
	c, h := newCommits(t), readHooks(t)["rollcall-validate"]
	c.stage("access/people.hcl", "user \"x\" {\n  login = \"x@example.com\"\n}\n")
	c.stage("access/groups.hcl", "group \"g\" {\n  members = [user.x]\n}\n")
	if out, ok := c.run(h, "-chdir=access"); !ok {
		t.Errorf("a valid configuration: %s", out)
	}
	git(t, c.dir, "commit", "-q", "-m", "people")
	// What breaks need not be in the file that is staged.
	c.stage("access/people.hcl", "user \"y\" {\n  login = \"y@example.com\"\n}\n")
	if out, ok := c.run(h, "-chdir=access"); ok || !strings.Contains(out, "groups.hcl line 2") {
		t.Errorf("a reference to nobody: %s", out)
	}
}

func TestPreCommitHooksAreLeftOutWithoutConfiguration(t *testing.T) {
	t.Parallel()
	c := newCommits(t)
	c.stage("main.go", "package main")
	for id, h := range readHooks(t) {
		if out, ok := c.run(h); !ok || !strings.Contains(out, "Skipped") {
			t.Errorf("%s runs where nothing of it is staged: %s", id, out)
		}
	}
}

// pre-commit builds a hook with `go install ./...`, and runs what that puts
// into GOPATH/bin.
func TestPreCommitCanInstallWhatItsHooksRun(t *testing.T) {
	t.Parallel()
	list := exec.Command("go", "list", "-f", `{{if eq .Name "main"}}{{.Target}}{{end}}`, "./...")
	list.Dir = "../.."
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	installed := strings.Fields(string(out))
	for id, h := range readHooks(t) {
		if h.Language != "golang" {
			t.Errorf("%s is installed as %s", id, h.Language)
		}
		if len(installed) != 1 || filepath.Base(installed[0]) != strings.Fields(h.Entry)[0] {
			t.Errorf("%s runs %q, and go install ./... makes %q", id, h.Entry, installed)
		}
	}
}
