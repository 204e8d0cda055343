package main

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

const atlantisExample = "../../examples/atlantis"

// atlantisServer is what the stand-in for Atlantis knows of repos.yaml.
type atlantisServer struct {
	Repos []struct {
		ID                   string   `yaml:"id"`
		Branch               string   `yaml:"branch"`
		Workflow             string   `yaml:"workflow"`
		AllowCustomWorkflows *bool    `yaml:"allow_custom_workflows"`
		AllowedOverrides     []string `yaml:"allowed_overrides"`
		ApplyRequirements    []string `yaml:"apply_requirements"`
	} `yaml:"repos"`
	Workflows map[string]map[string]struct {
		Steps []atlantisStep `yaml:"steps"`
	} `yaml:"workflows"`
}

type atlantisStep struct {
	Env struct {
		Name    string `yaml:"name"`
		Value   string `yaml:"value"`
		Command string `yaml:"command"`
	} `yaml:"env"`
	Run struct {
		Command string `yaml:"command"`
		Output  string `yaml:"output"`
	} `yaml:"run"`
}

// atlantis carries out the workflow of a pull request as Atlantis does.
type atlantis struct {
	*scene
	server   atlantisServer
	checkout string
	planFile string
}

func newAtlantis(t *testing.T) *atlantis {
	t.Helper()
	a := &atlantis{scene: newScene(t, atlantisExample)}
	tokens := t.TempDir()
	putFile(t, filepath.Join(tokens, "scim-read-token"), readToken)
	putFile(t, filepath.Join(tokens, "scim-write-token"), writeToken)
	putFile(t, filepath.Join(tokens, "rollcall-state-url"), stateToken)
	for _, name := range []string{"scim-read-token", "scim-write-token"} {
		if out, ok := execute(t, tokens, gitEnv(tokens), []string{"chmod", "600", name}); !ok {
			t.Fatal(out)
		}
	}
	source := strings.ReplaceAll(a.replace.Replace(contentOf(t, filepath.Join(atlantisExample, "repos.yaml"))), "/etc/atlantis", tokens)
	if err := yaml.UnmarshalWithOptions([]byte(source), &a.server, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	return a
}

// pull is a pull request of a branch.
func (a *atlantis) pull(branch string) {
	a.t.Helper()
	a.checkout = a.t.TempDir()
	git(a.t, a.checkout, "clone", "-q", "--branch", branch, a.origin, ".")
	a.planFile = filepath.Join(a.checkout, "access-default.tfplan")
}

// stage carries out "plan" or "apply" and returns the comment.
func (a *atlantis) stage(name string) (comment string, ok bool) {
	a.t.Helper()
	repo := a.server.Repos[0]
	steps := a.server.Workflows[repo.Workflow][name].Steps
	if len(steps) == 0 {
		a.t.Fatalf("the workflow %q has no steps to %s", repo.Workflow, name)
	}
	env := append(a.env(), "PLANFILE="+a.planFile, "PULL_NUM=7", "DIR="+a.checkout)
	for i := range steps {
		s := &steps[i]
		if s.Env.Name != "" {
			value := s.Env.Value
			if s.Env.Command != "" {
				value, _ = execute(a.t, a.checkout, env, []string{"sh", "-c", s.Env.Command})
			}
			env = append(env, s.Env.Name+"="+value)
			continue
		}
		out, ok := execute(a.t, a.checkout, env, []string{"sh", "-c", s.Run.Command})
		if !ok {
			return comment + out, false
		}
		if s.Run.Output != "hide" {
			comment += out
		}
	}
	a.t.Logf("atlantis %s:\n%s", name, comment)
	return comment, true
}

func TestAtlantisAppliesThePlanThatItShowed(t *testing.T) {
	t.Parallel()
	a := newAtlantis(t)
	a.branch("carol")
	a.add("people.hcl", addCarol)
	a.commit("carol")
	a.pull("carol")
	comment, ok := a.stage("plan")
	if !ok || !strings.Contains(comment, "Plan: 4 to add, 0 to change, 0 to destroy.") || strings.Contains(comment, "The configuration is valid") {
		t.Fatalf("the comment of the plan:\n%s", comment)
	}
	if got := a.written(); got > 0 {
		t.Fatalf("a plan has sent %d requests that write", got)
	}
	comment, ok = a.stage("apply")
	if !ok || !strings.Contains(comment, "Apply complete! 4 added") || !slices.Contains(a.accounts(), "carol@example.com") {
		t.Errorf("the comment of the apply:\n%s\naccounts: %v", comment, a.accounts())
	}
	if comment, ok = a.stage("apply"); !ok || !strings.Contains(comment, "Nothing is left to apply") {
		t.Errorf("the second apply:\n%s", comment)
	}
}

func TestAtlantisRefusesAPlanThatIsNotCurrent(t *testing.T) {
	t.Parallel()
	a := newAtlantis(t)
	a.pull("main")
	if comment, ok := a.stage("plan"); !ok {
		t.Fatal(comment)
	}
	if comment, ok := a.stage("apply"); !ok {
		t.Fatal(comment)
	}
	a.branch("carol")
	a.add("people.hcl", addCarol)
	a.commit("carol")
	a.pull("carol")
	if comment, ok := a.stage("plan"); !ok {
		t.Fatal(comment)
	}
	a.deactivate("alice@example.com")
	before := a.written()
	comment, ok := a.stage("apply")
	if ok || !strings.Contains(comment, "stale-plan") || a.written() != before {
		t.Errorf("%d requests that write after drift:\n%s", a.written()-before, comment)
	}
}

func TestAtlantisShowsWhatIsWrongBeforeItAsksTheTarget(t *testing.T) {
	t.Parallel()
	a := newAtlantis(t)
	a.branch("bad")
	a.add("people.hcl", "user \"x\" {\n}\n")
	a.commit("bad")
	a.pull("bad")
	comment, ok := a.stage("plan")
	if ok || !strings.Contains(comment, "people.hcl line") || len(a.service.Requests()) > 0 {
		t.Errorf("a configuration that is not valid, with %d requests:\n%s", len(a.service.Requests()), comment)
	}
}

// Whoever may write a workflow may run programs next to the token that may write.
func TestAtlantisTakesNoWorkflowFromARepository(t *testing.T) {
	t.Parallel()
	a := newAtlantis(t)
	for _, r := range a.server.Repos {
		if r.AllowCustomWorkflows == nil || *r.AllowCustomWorkflows || len(r.AllowedOverrides) > 0 || !slices.Contains(r.ApplyRequirements, "approved") {
			t.Errorf("%s: %+v", r.ID, r)
		}
	}
	var repo struct {
		Version      int               `yaml:"version"`
		Autodiscover map[string]string `yaml:"autodiscover"`
		Projects     []struct {
			Name     string `yaml:"name"`
			Dir      string `yaml:"dir"`
			Autoplan struct {
				Enabled      bool     `yaml:"enabled"`
				WhenModified []string `yaml:"when_modified"`
			} `yaml:"autoplan"`
		} `yaml:"projects"`
	}
	if err := yaml.UnmarshalWithOptions([]byte(contentOf(t, filepath.Join(atlantisExample, "atlantis.yaml"))), &repo, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if repo.Version != 3 || len(repo.Projects) != 1 || !repo.Projects[0].Autoplan.Enabled {
		t.Errorf("atlantis.yaml: %+v", repo)
	}
}
