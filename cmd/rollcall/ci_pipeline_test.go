package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// pipelineJob is what the stand-in for GitLab knows of a job. Keys that are not
// here are refused.
type pipelineJob struct {
	Extends      string            `yaml:"extends"`
	Image        string            `yaml:"image"`
	Stage        string            `yaml:"stage"`
	Needs        []string          `yaml:"needs"`
	Variables    map[string]string `yaml:"variables"`
	BeforeScript []string          `yaml:"before_script"`
	Script       []string          `yaml:"script"`
	Rules        []struct {
		If   string `yaml:"if"`
		When string `yaml:"when"`
	} `yaml:"rules"`
	Environment struct {
		Name   string `yaml:"name"`
		Action string `yaml:"action"`
	} `yaml:"environment"`
	ResourceGroup string `yaml:"resource_group"`
	Interruptible bool   `yaml:"interruptible"`
	Artifacts     struct {
		When    string            `yaml:"when"`
		Access  string            `yaml:"access"`
		Expire  string            `yaml:"expire_in"`
		Paths   []string          `yaml:"paths"`
		Reports map[string]string `yaml:"reports"`
	} `yaml:"artifacts"`
	// when is what the rule says that let it in.
	when string
}

// component is a CI/CD component.
type component struct {
	Spec struct {
		Inputs map[string]struct {
			Description string `yaml:"description"`
			Default     string `yaml:"default"`
		} `yaml:"inputs"`
	} `yaml:"spec"`
}

// interpolation is one of GitLab's, without what stands around it.
var interpolation = regexp.MustCompile(`\$\[\[\s*inputs\.(\w+)\s*\]\]`)

// readComponent reads the jobs of a component, with its inputs put in.
func readComponent(t *testing.T, file string, given map[string]string, replace *strings.Replacer) map[string]pipelineJob {
	t.Helper()
	source := replace.Replace(contentOf(t, file))
	head, _, ok := strings.Cut(source, "\n---\n")
	if !ok {
		t.Fatalf("%s has no header", file)
	}
	var c component
	if err := yaml.UnmarshalWithOptions([]byte(head), &c, yaml.Strict()); err != nil {
		t.Fatalf("read the header of %s: %v", file, err)
	}
	for name := range given {
		if _, ok := c.Spec.Inputs[name]; !ok {
			t.Fatalf("%s has no input %q", file, name)
		}
	}
	used := map[string]bool{}
	source = interpolation.ReplaceAllStringFunc(source, func(m string) string {
		name := interpolation.FindStringSubmatch(m)[1]
		input, ok := c.Spec.Inputs[name]
		if !ok {
			t.Fatalf("%s uses the input %q, which it does not declare", file, name)
		}
		used[name] = true
		return firstOf(given[name], input.Default)
	})
	for name := range c.Spec.Inputs {
		if !used[name] {
			t.Errorf("%s has the input %q and does not use it", file, name)
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(source), yaml.Strict())
	var head2 component
	jobs := map[string]pipelineJob{}
	if err := errors.Join(decoder.Decode(&head2), decoder.Decode(&jobs)); err != nil {
		t.Fatalf("read the jobs of %s: %v", file, err)
	}
	if err := decoder.Decode(&jobs); !errors.Is(err, io.EOF) {
		t.Fatalf("%s goes on after the jobs: %v", file, err)
	}
	return jobs
}

// lab stands in for GitLab and its runners: it carries out the jobs of a
// component whose rules let them into the pipeline, one after the other.
type lab struct {
	t      *testing.T
	origin string
	// variables are those of the pipeline; scoped are those of an environment.
	variables map[string]string
	scoped    map[string]map[string]string
	env       []string
	commit    string
	ref       string
}

// labJob is one job that was carried out.
type labJob struct {
	result, log, workspace string
	env                    []string
	spec                   pipelineJob
	// reports are what GitLab takes from the job, by kind.
	reports map[string]string
}

// run carries out the jobs of a pipeline; those that are not in it are left out.
func (l *lab) run(jobs map[string]pipelineJob) map[string]*labJob {
	l.t.Helper()
	waiting := map[string]pipelineJob{}
	for name, j := range jobs {
		if included := l.included(j); included != nil && !strings.HasPrefix(name, ".") {
			waiting[name] = inherit(l.t, jobs, *included)
		}
	}
	done := map[string]*labJob{}
	for len(waiting) > 0 {
		before := len(waiting)
		for _, name := range slices.Sorted(maps.Keys(waiting)) {
			j := waiting[name]
			if slices.ContainsFunc(j.Needs, func(n string) bool { return done[n] == nil }) {
				continue
			}
			done[name] = l.job(j, done)
			l.t.Logf("job %s: %s\n%s", name, done[name].result, done[name].log)
			delete(waiting, name)
		}
		if len(waiting) == before {
			l.t.Fatalf("jobs need some that are not in the pipeline: %v", slices.Sorted(maps.Keys(waiting)))
		}
	}
	return done
}

// inherit gives a job what it does not say of the one that it extends.
func inherit(t *testing.T, jobs map[string]pipelineJob, j pipelineJob) pipelineJob {
	t.Helper()
	if j.Extends == "" {
		return j
	}
	base, ok := jobs[j.Extends]
	if !ok {
		t.Fatalf("a job extends %q, which is not there", j.Extends)
	}
	if j.BeforeScript == nil {
		j.BeforeScript = base.BeforeScript
	}
	j.Image = firstOf(j.Image, base.Image)
	variables := maps.Clone(base.Variables)
	maps.Copy(variables, j.Variables)
	j.Variables = variables
	return j
}

// included is the job as the first rule that holds lets it into the pipeline,
// or nil.
func (l *lab) included(j pipelineJob) *pipelineJob {
	for _, rule := range j.Rules {
		if l.holds(rule.If) && rule.When != "never" {
			j.when = rule.When
			return &j
		}
	}
	return nil
}

// holds reports whether a condition of a rule holds: comparisons of variables
// and strings, and variables that are set, with && between them.
func (l *lab) holds(condition string) bool {
	for term := range strings.SplitSeq(condition, "&&") {
		a, b, compared := strings.Cut(term, "==")
		if compared && l.operand(a) != l.operand(b) || !compared && l.operand(a) == "" {
			return false
		}
	}
	return true
}

func (l *lab) operand(text string) string {
	l.t.Helper()
	text = strings.TrimSpace(text)
	name, variable := strings.CutPrefix(text, "$")
	switch {
	case variable && regexp.MustCompile(`^\w+$`).MatchString(name):
		return l.variables[name]
	case len(text) >= 2 && text[0] == '"' && text[len(text)-1] == '"':
		return text[1 : len(text)-1]
	}
	l.t.Fatalf("nobody knows what %q means in a rule", text)
	return ""
}

func (l *lab) job(spec pipelineJob, done map[string]*labJob) *labJob {
	l.t.Helper()
	j := &labJob{spec: spec, workspace: l.t.TempDir(), result: "skipped"}
	for _, n := range spec.Needs {
		if done[n].result != "success" && spec.when != "always" {
			return j
		}
	}
	git(l.t, j.workspace, "init", "-q", "-b", "main")
	git(l.t, j.workspace, "fetch", "-q", l.origin, "+refs/heads/*:refs/remotes/origin/*", l.ref)
	git(l.t, j.workspace, "checkout", "-q", "--detach", l.commit)
	for _, n := range spec.Needs {
		for _, path := range done[n].spec.Artifacts.Paths {
			for _, file := range glob(l.t, filepath.Join(done[n].workspace, path)) {
				putFile(l.t, filepath.Join(j.workspace, path), contentOf(l.t, file))
			}
		}
	}
	j.env = slices.Clone(l.env)
	for _, of := range []map[string]string{l.variables, spec.Variables, l.scoped[spec.Environment.Name]} {
		for name, value := range of {
			j.env = append(j.env, fmt.Sprintf("%s=%s", name, value))
		}
	}
	// A runner gives all lines to one shell.
	script := "set -eo pipefail\n" + strings.Join(slices.Concat(spec.BeforeScript, spec.Script), "\n")
	out, ok := execute(l.t, j.workspace, j.env, []string{"bash", "-c", script})
	j.log, j.result = out, "success"
	if !ok {
		j.result = "failed"
	}
	j.reports = map[string]string{}
	for kind, path := range spec.Artifacts.Reports {
		for _, file := range glob(l.t, filepath.Join(j.workspace, path)) {
			j.reports[kind] += contentOf(l.t, file)
		}
	}
	return j
}
