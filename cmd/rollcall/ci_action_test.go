package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// action is a composite action.
type action struct {
	Name        string            `yaml:"name"`
	Description string            `yaml:"description"`
	Branding    map[string]string `yaml:"branding"`
	Inputs      map[string]struct {
		Description string `yaml:"description"`
		Default     string `yaml:"default"`
	} `yaml:"inputs"`
	Outputs map[string]struct {
		Description string `yaml:"description"`
		Value       string `yaml:"value"`
	} `yaml:"outputs"`
	Runs struct {
		Using string         `yaml:"using"`
		Steps []workflowStep `yaml:"steps"`
	} `yaml:"runs"`
}

func TestActionBuildsTheProgramFromWhereItIsPinned(t *testing.T) {
	t.Parallel()
	folder, err := filepath.Abs("../../.github/actions/rollcall")
	if err != nil {
		t.Fatal(err)
	}
	var a action
	if err := yaml.UnmarshalWithOptions([]byte(contentOf(t, filepath.Join(folder, "action.yml"))), &a, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	path := filepath.Join(temp, "GITHUB_PATH")
	env := append(os.Environ(), "GITHUB_PATH="+path, "PATH="+plainGo(t)+":"+os.Getenv("PATH"))
	h := &hub{t: t, env: env, values: map[string]string{
		"github.action_path": folder, "github.action_ref": "v1.2.3", "runner.temp": temp,
	}}
	for name, input := range a.Inputs {
		h.values["inputs."+name] = input.Default
	}
	j := &hubJob{hub: h, spec: &workflowJob{}, flow: &workflow{}, workspace: t.TempDir(), steps: map[string]map[string]string{}}
	for i := range a.Runs.Steps {
		s := &a.Runs.Steps[i]
		if strings.HasPrefix(s.Uses, "actions/setup-go@") {
			wantFiles(t, j.expand(s.With["go-version-file"]), j.expand(s.With["cache-dependency-path"]))
			continue
		}
		if s.Shell == "" {
			t.Errorf("a step of a composite action has to name its shell")
		}
		j.step(s)
	}
	if j.failed {
		t.Fatal(j.log)
	}
	if got := j.expand(a.Outputs["version"].Value); got != "v1.2.3" {
		t.Errorf("the output version is %q", got)
	}
	bin := strings.TrimSpace(contentOf(t, path))
	if bin != j.expand(a.Outputs["path"].Value) {
		t.Errorf("%s was put on PATH, and the output is %s", bin, j.expand(a.Outputs["path"].Value))
	}
	if out, ok := execute(t, temp, gitEnv(temp), []string{filepath.Join(bin, "rollcall"), "version"}); !ok || !strings.HasPrefix(out, "rollcall v1.2.3\n") {
		t.Errorf("rollcall version: %s", out)
	}
}

// plainGo returns a folder with a go that builds with what other tests have
// compiled: -trimpath and CGO_ENABLED=0, which it insists on, would have every
// package of the standard library and of others compiled once more.
func plainGo(t *testing.T) string {
	t.Helper()
	real, err := exec.LookPath("go")
	if err != nil {
		t.Fatal(err)
	}
	bin := t.TempDir()
	putFile(t, filepath.Join(bin, "go"), `#!/bin/sh
set -eu
[ "$CGO_ENABLED $GOFLAGS $1 $2" = "0 -mod=readonly build -trimpath" ] || { echo "go: $CGO_ENABLED $GOFLAGS $*"; exit 1; }
shift 2
unset CGO_ENABLED
exec `+real+` build "$@"
`)
	if err := os.Chmod(filepath.Join(bin, "go"), 0o755); err != nil {
		t.Fatal(err)
	}
	return bin
}

func wantFiles(t *testing.T, names ...string) {
	t.Helper()
	for _, name := range names {
		if _, err := os.Stat(name); err != nil {
			t.Error(err)
		}
	}
}
