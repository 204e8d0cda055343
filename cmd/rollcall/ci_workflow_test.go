package main

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// workflow is what the stand-in for GitHub knows of a workflow. Keys that are
// not here are refused: nobody has said what they would do.
type workflow struct {
	Name        string            `yaml:"name"`
	On          map[string]any    `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency concurrency       `yaml:"concurrency"`
	Env         map[string]string `yaml:"env"`
	Defaults    struct {
		Run struct {
			Shell string `yaml:"shell"`
		} `yaml:"run"`
	} `yaml:"defaults"`
	Jobs map[string]workflowJob `yaml:"jobs"`
}

type concurrency struct {
	Group  string `yaml:"group"`
	Cancel any    `yaml:"cancel-in-progress"`
}

type workflowJob struct {
	Name        string            `yaml:"name"`
	If          string            `yaml:"if"`
	Needs       any               `yaml:"needs"`
	RunsOn      string            `yaml:"runs-on"`
	Timeout     int               `yaml:"timeout-minutes"`
	Environment string            `yaml:"environment"`
	Permissions map[string]string `yaml:"permissions"`
	Env         map[string]string `yaml:"env"`
	Outputs     map[string]string `yaml:"outputs"`
	Steps       []workflowStep    `yaml:"steps"`
}

type workflowStep struct {
	ID    string            `yaml:"id"`
	Name  string            `yaml:"name"`
	If    string            `yaml:"if"`
	Uses  string            `yaml:"uses"`
	With  map[string]string `yaml:"with"`
	Run   string            `yaml:"run"`
	Shell string            `yaml:"shell"`
	Env   map[string]string `yaml:"env"`
}

// needs are the jobs that j waits for.
func (j *workflowJob) needs() []string {
	switch n := j.Needs.(type) {
	case string:
		return []string{n}
	case []any:
		var all []string
		for _, name := range n {
			all = append(all, fmt.Sprint(name))
		}
		return all
	}
	return nil
}

// readWorkflow parses a workflow, after the replacements.
func readWorkflow(t *testing.T, file string, replace *strings.Replacer) *workflow {
	t.Helper()
	source, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var w workflow
	if err := yaml.UnmarshalWithOptions([]byte(replace.Replace(string(source))), &w, yaml.Strict()); err != nil {
		t.Fatalf("read %s: %v", file, err)
	}
	return &w
}

// hub stands in for GitHub and its runners: it carries out the jobs of a
// workflow one after the other, each in a clone of its own, in the order of
// their needs. It does what the steps of the examples need and no more: every
// action, expression and key that it does not know fails the test.
type hub struct {
	t *testing.T
	// origin is the repository, artifacts where uploads lie.
	origin, artifacts string
	// values are what expressions stand for; secrets too, where the event has any.
	values map[string]string
	// env is what every step sees, event the document of the event.
	env   []string
	event string
	// commit is what is checked out, branch its name.
	commit, ref string
}

// hubJob is one job that was carried out.
type hubJob struct {
	hub  *hub
	spec *workflowJob
	// flow is the workflow that it is of, done the jobs before it.
	flow *workflow
	done map[string]*hubJob

	workspace string
	result    string
	outputs   map[string]string
	steps     map[string]map[string]string
	// log is what its steps printed, summary the page of the run. seen is every
	// environment that a step was given.
	log, summary string
	seen         []string
	failed       bool
}

// run carries out all jobs of w.
func (h *hub) run(w *workflow) map[string]*hubJob {
	h.t.Helper()
	done := map[string]*hubJob{}
	for len(done) < len(w.Jobs) {
		before := len(done)
		for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
			spec := w.Jobs[name]
			ready := !slices.ContainsFunc(spec.needs(), func(n string) bool { return done[n] == nil })
			if done[name] != nil || !ready {
				continue
			}
			done[name] = h.job(w, &spec, done)
			h.t.Logf("job %s: %s\n%s", name, done[name].result, done[name].log)
		}
		if len(done) == before {
			h.t.Fatalf("jobs of %q wait for each other, or for one that is not there", w.Name)
		}
	}
	return done
}

func (h *hub) job(w *workflow, spec *workflowJob, done map[string]*hubJob) *hubJob {
	h.t.Helper()
	j := &hubJob{
		hub: h, spec: spec, flow: w, done: done, workspace: h.t.TempDir(),
		outputs: map[string]string{}, steps: map[string]map[string]string{},
	}
	for _, n := range spec.needs() {
		j.failed = j.failed || done[n].result != "success"
	}
	if !j.holds(spec.If) {
		j.result = "skipped"
		return j
	}
	j.failed = false
	for i := range spec.Steps {
		if s := &spec.Steps[i]; j.holds(s.If) {
			j.step(s)
		}
	}
	for name, value := range spec.Outputs {
		j.outputs[name] = j.expand(value)
	}
	j.result = "success"
	if j.failed {
		j.result = "failure"
	}
	return j
}

func (j *hubJob) step(s *workflowStep) {
	j.hub.t.Helper()
	if s.ID != "" {
		j.steps[s.ID] = map[string]string{}
	}
	if s.Uses != "" {
		j.use(s)
		return
	}
	dir := j.hub.t.TempDir()
	files := map[string]string{}
	for _, name := range []string{"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_EVENT_PATH"} {
		files[name] = filepath.Join(dir, name)
		putFile(j.hub.t, files[name], "")
	}
	putFile(j.hub.t, files["GITHUB_EVENT_PATH"], j.hub.event)
	env := slices.Clone(j.hub.env)
	for name, file := range files {
		env = append(env, name+"="+file)
	}
	for _, of := range []map[string]string{j.flow.Env, j.spec.Env, s.Env} {
		for name, value := range of {
			env = append(env, name+"="+j.expand(value))
		}
	}
	j.seen = append(j.seen, env...)
	script := filepath.Join(dir, "script.sh")
	putFile(j.hub.t, script, s.Run)
	j.noExpression(s)
	shell := shells[firstOf(s.Shell, j.flow.Defaults.Run.Shell)]
	out, ok := execute(j.hub.t, j.workspace, env, append(slices.Clone(shell), script))
	j.log += "$ " + firstOf(s.Name, s.Run) + "\n" + out
	j.failed = j.failed || !ok
	j.summary += contentOf(j.hub.t, files["GITHUB_STEP_SUMMARY"])
	j.readOutputs(s.ID, contentOf(j.hub.t, files["GITHUB_OUTPUT"]))
}

// shells are the command lines by which GitHub runs a step.
var shells = map[string][]string{
	"":     {"bash", "-e"},
	"bash": {"bash", "--noprofile", "--norc", "-eo", "pipefail"},
}

// noExpression fails if a script has an expression in it: what it stands for
// would become a part of the program. Values come by the environment.
func (j *hubJob) noExpression(s *workflowStep) {
	j.hub.t.Helper()
	if e := expression.FindString(s.Run); e != "" {
		j.hub.t.Errorf("the step %q has %s in its script; give it by env", s.Name, e)
	}
}

// readOutputs takes the lines NAME=VALUE that a step left.
func (j *hubJob) readOutputs(id, text string) {
	j.hub.t.Helper()
	for line := range strings.Lines(text) {
		name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !ok || id == "" {
			j.hub.t.Fatalf("an output that nobody can use: %q of the step %q", line, id)
		}
		j.steps[id][name] = value
	}
}

// use stands in for an action.
func (j *hubJob) use(s *workflowStep) {
	h := j.hub
	h.t.Helper()
	name, _, pinned := strings.Cut(s.Uses, "@")
	if !pinned {
		h.t.Fatalf("the action %q has no version", s.Uses)
	}
	with := map[string]string{}
	for key, value := range s.With {
		with[key] = j.expand(value)
	}
	switch name {
	case "actions/checkout":
		h.checkout(j.workspace, with)
	case "rollcall-dev/rollcall/.github/actions/rollcall":
		// The program is on PATH already; the action itself has a test of its own.
	case "actions/upload-artifact":
		j.upload(with)
	case "actions/download-artifact":
		for _, file := range glob(h.t, filepath.Join(h.artifacts, with["name"], "*")) {
			putFile(h.t, filepath.Join(j.workspace, filepath.Base(file)), contentOf(h.t, file))
		}
	default:
		h.t.Fatalf("nobody knows what the action %s does", name)
	}
}

// checkout clones the repository at what the event is about, as
// actions/checkout does with fetch-depth 0.
func (h *hub) checkout(workspace string, with map[string]string) {
	h.t.Helper()
	if with["persist-credentials"] != "false" {
		h.t.Error("a checkout keeps the token in .git/config: say persist-credentials: false")
	}
	for key := range with {
		if !slices.Contains([]string{"persist-credentials", "fetch-depth", "ref"}, key) {
			h.t.Fatalf("nobody knows what the checkout's %q does", key)
		}
	}
	git(h.t, workspace, "init", "-q", "-b", "main")
	git(h.t, workspace, "remote", "add", "origin", h.origin)
	git(h.t, workspace, "fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", firstOf(with["ref"], h.ref))
	git(h.t, workspace, "checkout", "-q", "--detach", firstOf(with["ref"], h.commit))
}

// upload keeps files for other jobs.
func (j *hubJob) upload(with map[string]string) {
	t := j.hub.t
	t.Helper()
	kept := 0
	for pattern := range strings.Lines(with["path"]) {
		for _, file := range glob(t, filepath.Join(j.workspace, strings.TrimSpace(pattern))) {
			putFile(t, filepath.Join(j.hub.artifacts, with["name"], filepath.Base(file)), contentOf(t, file))
			kept++
		}
	}
	if kept == 0 && with["if-no-files-found"] != "ignore" {
		j.failed = true
		j.log += "nothing to upload at " + with["path"]
	}
}

// expression is one of GitHub's, without what stands around it.
var expression = regexp.MustCompile(`\$\{\{\s*(.*?)\s*\}\}`)

// expand puts values in place of expressions.
func (j *hubJob) expand(text string) string {
	return expression.ReplaceAllStringFunc(text, func(e string) string {
		return j.value(expression.FindStringSubmatch(e)[1])
	})
}

// value looks a reference up.
func (j *hubJob) value(reference string) string {
	j.hub.t.Helper()
	if first, second, ok := strings.Cut(reference, " || "); ok {
		return firstOf(j.value(first), j.value(second))
	}
	part := strings.Split(reference, ".")
	switch {
	case strings.HasPrefix(reference, "'"):
		return strings.Trim(reference, "'")
	case part[0] == "steps" && len(part) == 4 && part[2] == "outputs":
		return j.steps[part[1]][part[3]]
	case part[0] == "needs" && len(part) == 4 && part[2] == "outputs" && slices.Contains(j.spec.needs(), part[1]):
		return j.done[part[1]].outputs[part[3]]
	case part[0] == "needs" && len(part) == 3 && part[2] == "result" && slices.Contains(j.spec.needs(), part[1]):
		return j.done[part[1]].result
	}
	value, ok := j.hub.values[reference]
	if !ok {
		j.hub.t.Fatalf("the event has no value for the expression %q", reference)
	}
	return value
}

// holds reports whether a condition holds: comparisons and the functions of
// status, with && between them. Without such a function success() is meant.
func (j *hubJob) holds(condition string) bool {
	j.hub.t.Helper()
	if m := expression.FindStringSubmatch(condition); m != nil {
		condition = m[1]
	}
	result, status := true, false
	for term := range strings.SplitSeq(condition, "&&") {
		term = strings.TrimSpace(term)
		switch {
		case term == "":
		case term == "always()" || term == "!cancelled()":
			status = true
		case term == "failure()":
			status, result = true, result && j.failed
		case strings.Contains(term, "=="):
			a, b, _ := strings.Cut(term, "==")
			result = result && j.value(strings.TrimSpace(a)) == j.value(strings.TrimSpace(b))
		case strings.Contains(term, "!="):
			a, b, _ := strings.Cut(term, "!=")
			result = result && j.value(strings.TrimSpace(a)) != j.value(strings.TrimSpace(b))
		default:
			j.hub.t.Fatalf("nobody knows what the condition %q means", term)
		}
	}
	return result && (status || !j.failed)
}

func firstOf(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

func putFile(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func contentOf(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(content)
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// execute runs a program and reports whether it ended well.
func execute(t *testing.T, dir string, env, args []string) (out string, ok bool) {
	t.Helper()
	c := exec.Command(args[0], args[1:]...)
	c.Dir, c.Env = dir, env
	b, err := c.CombinedOutput()
	if _, exited := err.(*exec.ExitError); err != nil && !exited {
		t.Fatal(err)
	}
	return string(b), err == nil
}

// git runs git in dir, as somebody who is not asked for anything.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, ok := execute(t, dir, gitEnv(dir), append([]string{"git"}, args...))
	if !ok {
		t.Fatalf("git %s: %s", strings.Join(args, " "), out)
	}
	return strings.TrimSpace(out)
}

// gitEnv is the environment of git in a test: no configuration but the
// repository's own.
func gitEnv(home string) []string {
	return []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TZ=UTC", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
	}
}
