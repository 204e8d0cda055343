package main

import (
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// unchanged replaces nothing.
var unchanged = strings.NewReplacer()

// githubWorkflows reads every workflow of the example by its file's name.
func githubWorkflows(t *testing.T) map[string]*workflow {
	t.Helper()
	all := map[string]*workflow{}
	for _, file := range glob(t, filepath.Join(githubExample, ".github/workflows/*.yml")) {
		all[filepath.Base(file)] = readWorkflow(t, file, unchanged)
	}
	if len(all) < 2 {
		t.Fatalf("only %d workflows were found", len(all))
	}
	return all
}

// pinned is an action at a commit, with its version in a comment.
var pinned = regexp.MustCompile(`@[0-9a-f]{40} # v\d`)

func TestGithubActionsArePinnedToCommits(t *testing.T) {
	t.Parallel()
	files := append(glob(t, filepath.Join(githubExample, ".github/workflows/*.yml")), "../../.github/actions/rollcall/action.yml")
	for _, file := range files {
		for line := range strings.Lines(contentOf(t, file)) {
			own := strings.Contains(line, "rollcall-dev/rollcall/.github/actions/rollcall@v1")
			if strings.Contains(line, "uses:") && !own && !pinned.MatchString(line) {
				t.Errorf("%s: %s", file, strings.TrimSpace(line))
			}
		}
	}
}

func TestGithubWorkflowsHaveNoMoreRightsThanTheyNeed(t *testing.T) {
	t.Parallel()
	for name, w := range githubWorkflows(t) {
		if diff := cmp.Diff(map[string]string{"contents": "read"}, w.Permissions); diff != "" {
			t.Errorf("%s: permissions for all jobs, want -, got +:\n%s", name, diff)
		}
		if _, ok := w.On["pull_request_target"]; ok {
			t.Errorf("%s runs with secrets on what others have written", name)
		}
		for id, j := range w.Jobs {
			if j.Timeout == 0 {
				t.Errorf("%s: the job %s may hang for six hours", name, id)
			}
			wantFewRights(t, name+": the job "+id, w, &j)
		}
	}
}

// wantFewRights fails if a job has a target's token without an environment that
// guards it, or beside the right to write to the forge.
func wantFewRights(t *testing.T, what string, w *workflow, j *workflowJob) {
	t.Helper()
	token := false
	for _, s := range j.Steps {
		for _, value := range s.Env {
			token = token || strings.Contains(value, "secrets.")
		}
	}
	writes := false
	for _, right := range j.Permissions {
		writes = writes || right == "write"
	}
	if token && (j.Environment == "" || writes) {
		t.Errorf("%s has a target's token: environment %q, permissions %v", what, j.Environment, j.Permissions)
	}
	for _, of := range []map[string]string{w.Env, j.Env} {
		for name, value := range of {
			if strings.Contains(value, "secrets.") {
				t.Errorf("%s gives %s to every step", what, name)
			}
		}
	}
}

func TestGithubAppliesOneAfterTheOther(t *testing.T) {
	t.Parallel()
	w := githubWorkflows(t)["rollcall-apply.yml"]
	if w.Concurrency.Group == "" || w.Concurrency.Cancel != false {
		t.Errorf("concurrency: %+v", w.Concurrency)
	}
}

// commands are what the CI examples and hooks run, by where it stands.
func commands(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for name, w := range githubWorkflows(t) {
		for _, j := range w.Jobs {
			for _, s := range j.Steps {
				all[name] = append(all[name], s.Run)
			}
		}
	}
	for name, j := range readComponent(t, filepath.Join(gitlabExample, "templates/rollcall.yml"), nil, unchanged) {
		all[name] = slices.Concat(j.BeforeScript, j.Script)
	}
	for _, stage := range newAtlantis(t).server.Workflows["rollcall"] {
		for _, s := range stage.Steps {
			all["repos.yaml"] = append(all["repos.yaml"], s.Run.Command)
		}
	}
	for id, h := range readHooks(t) {
		all[id] = append(all[id], h.Entry)
	}
	return all
}

var (
	// substitution is a command in another, without one in itself.
	substitution = regexp.MustCompile(`\$\(([^()]*)\)`)
	// call is a command of rollcall with what it is given.
	call = regexp.MustCompile(`(?m)(?:^|[\s=!])rollcall ([a-z][a-z-]*)([^|&;\n]*)`)
)

// calls finds the calls of rollcall in a script, the inner ones first.
func calls(script string) [][]string {
	var all [][]string
	for {
		inner := substitution.FindStringSubmatch(script)
		if inner == nil {
			return append(all, call.FindAllStringSubmatch(script, -1)...)
		}
		all = append(all, call.FindAllStringSubmatch(inner[1], -1)...)
		script = strings.Replace(script, inner[0], "X", 1)
	}
}

func TestWhatTheExamplesRunExists(t *testing.T) {
	t.Parallel()
	helps := map[string]string{}
	seen := 0
	for where, scripts := range commands(t) {
		for _, c := range calls(strings.Join(scripts, "\n")) {
			if _, ok := helps[c[1]]; !ok {
				helps[c[1]] = helpOf(t, c[1])
			}
			seen++
			for word := range strings.FieldsSeq(c[2]) {
				flag, _, _ := strings.Cut(word, "=")
				if strings.HasPrefix(flag, "-") && !strings.Contains(helps[c[1]], "  "+flag) {
					t.Errorf("%s: rollcall %s has no %s", where, c[1], flag)
				}
			}
		}
	}
	if seen < 14 {
		t.Errorf("only %d calls of rollcall were found", seen)
	}
}

// helpOf is the help of a command, or a failure where there is no such command.
func helpOf(t *testing.T, command string) string {
	t.Helper()
	out, ok := execute(t, t.TempDir(), gitEnv(t.TempDir()), []string{binary(t), "help", command})
	if !ok {
		t.Errorf("rollcall %s: %s", command, out)
	}
	return out
}
