package main

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/forge/forgetest"
)

const githubExample = "../../examples/ci-github"

// forgeToken is the token of a run at the forge.
const forgeToken = "canary-forge-90ab"

// github is the scene with what GitHub makes of it.
type github struct {
	*scene
	artifacts string
	// forge has the pull requests and issues, at the address of the API.
	forge *forgetest.Service
	api   string
}

func newGithub(t *testing.T) *github {
	t.Helper()
	g := &github{scene: newScene(t, githubExample), artifacts: t.TempDir(), forge: forgetest.New(forgeToken)}
	g.forge.Self = "github-actions[bot]"
	server := g.forge.Serve("github")
	t.Cleanup(server.Close)
	g.api = server.URL
	return g
}

// comments and issues are what the forge holds, with nothing that it was asked
// and does not know.
func (g *github) posts() (comments, issues []forgetest.Post) {
	g.t.Helper()
	comments, issues, _, foreign := g.forge.Look()
	if len(foreign) > 0 {
		g.t.Fatalf("GitHub was asked for %v", foreign)
	}
	return comments, issues
}

// workflow reads one of the example's workflows.
func (g *github) workflow(name string) *workflow {
	g.t.Helper()
	return readWorkflow(g.t, filepath.Join(githubExample, ".github/workflows", name), g.replace)
}

// hub is GitHub at an event about a commit.
func (g *github) hub(event, ref, commit, document string, values map[string]string) *hub {
	all := map[string]string{"github.repository": "acme/access", "github.event_name": event, "inputs.fingerprint": ""}
	maps.Copy(all, values)
	return &hub{
		t: g.t, origin: g.origin, artifacts: g.artifacts, values: all, event: document, ref: ref, commit: commit,
		env: append(g.env(), "GITHUB_API_URL="+g.api, "GITHUB_SERVER_URL=https://github.example", "GITHUB_ACTIONS=true", "GITHUB_REPOSITORY=acme/access", "GITHUB_EVENT_NAME="+event, "GITHUB_REF="+ref, "GITHUB_SHA="+commit),
	}
}

// secrets are what a workflow of the repository may have, not one of a fork.
var secrets = map[string]string{
	"secrets.SCIM_READ_TOKEN": readToken, "secrets.SCIM_WRITE_TOKEN": writeToken,
	"secrets.STATE_URL": stateToken, "github.token": forgeToken,
}

// pullRequest is a run for the pull request of a branch of owner's repository.
func (g *github) pullRequest(owner, branch string) *hub {
	g.t.Helper()
	values := map[string]string{"github.event.pull_request.head.repo.full_name": owner + "/access"}
	if owner == "acme" {
		values["secrets.SCIM_READ_TOKEN"], values["secrets.STATE_URL"], values["github.token"] = readToken, stateToken, forgeToken
	}
	return g.hub("pull_request", "refs/pull/7/merge", g.merged(branch), `{"pull_request":{"number":7}}`, values)
}

// dispatch is a run by hand on main.
func (g *github) dispatch(fingerprint string) *hub {
	g.t.Helper()
	values := maps.Clone(secrets)
	values["inputs.fingerprint"] = fingerprint
	return g.hub("workflow_dispatch", "refs/heads/main", git(g.t, g.work, "rev-parse", "main"), "{}", values)
}

// push is a run for what was pushed to main.
func (g *github) push() *hub {
	g.t.Helper()
	return g.hub("push", "refs/heads/main", git(g.t, g.work, "rev-parse", "main"), "{}", secrets)
}

// night is a scheduled run.
func (g *github) night() *hub {
	g.t.Helper()
	return g.hub("schedule", "refs/heads/main", git(g.t, g.work, "rev-parse", "main"), "{}", secrets)
}

// merge squashes a branch into main, as somebody does in the pull request.
func (g *github) merge(branch string) {
	g.t.Helper()
	g.forge.Merge(g.squash(branch))
}

func results(jobs map[string]*hubJob) map[string]string {
	got := map[string]string{}
	for name, j := range jobs {
		got[name] = j.result
	}
	return got
}

// addCarol is a change that somebody proposes.
const addCarol = `
user "carol" {
  login = "carol@example.com"
}

assignment "carol" {
  app   = app.vpn
  users = [user.carol]
}
`

func TestGithubChecksAForkWithoutSecrets(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.branch("carol")
	g.add("people.hcl", addCarol)
	g.commit("carol")
	jobs := g.pullRequest("mallory", "carol").run(g.workflow("rollcall.yml"))
	want := map[string]string{"check": "success", "plan": "skipped", "comment": "skipped"}
	if diff := cmp.Diff(want, results(jobs)); diff != "" {
		t.Errorf("jobs of a fork, want -, got +:\n%s", diff)
	}
	check := jobs["check"]
	if !strings.Contains(check.summary, "carol@example.com") {
		t.Errorf("the summary does not name who gains:\n%s", check.summary)
	}
	if !strings.Contains(check.log, "\n::notice file=people.hcl,") {
		t.Errorf("no line of people.hcl is marked:\n%s", check.log)
	}
	if got := contentOf(t, filepath.Join(g.artifacts, "rollcall-tests/tests.xml")); !strings.Contains(got, `name="leavers_lose_it"`) {
		t.Errorf("the report does not have the tests:\n%s", got)
	}
	if i := slices.IndexFunc(check.seen, func(v string) bool { return strings.Contains(v, "canary") || strings.Contains(v, "TOKEN") }); i >= 0 {
		t.Errorf("a step of a fork has %s", check.seen[i])
	}
	if len(g.service.Requests()) > 0 {
		t.Errorf("the target was asked: %v", g.service.Requests())
	}
}

// nobody is a policy that no configuration with an account keeps.
const nobody = `policy "nobody" {
  assert {
    condition     = length(effective.apps.vpn.users) == 0
    error_message = "Nobody has the VPN."
  }
}
`

// emptied is a test of a configuration in which nobody of engineering has the
// app; it fails in any other.
const emptied = `run "nobody" {
  assert {
    condition     = !contains(effective.apps.vpn.users, user.alice)
    error_message = "Engineering does not have the VPN."
  }
}
`

func TestGithubRefusesAForkThatIsWrong(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, text string }{
		"not formatted":     {"bad.hcl", "user \"x\" {\nlogin=\"x@example.com\"\n}\n"},
		"not valid":         {"bad.hcl", "user \"x\" {\n}\n"},
		"a policy fails":    {"bad.hcl", nobody},
		"one of its tests":  {"bad.test.hcl", emptied},
		"a test is no test": {"bad.test.hcl", "run \"x\" {\n}\n"},
	}
	for name, tt := range tests {
		g := newGithub(t)
		g.branch("bad")
		g.add(tt.file, tt.text)
		g.commit("bad")
		jobs := g.pullRequest("mallory", "bad").run(g.workflow("rollcall.yml"))
		if jobs["check"].result != "failure" || jobs["plan"].result != "skipped" {
			t.Errorf("%s: %v\n%s", name, results(jobs), jobs["check"].log)
		}
	}
}

// proposed is a pull request of branch that adds carol, with main applied before.
func (g *github) proposed(branch string) {
	g.t.Helper()
	first := g.workflow("rollcall-apply.yml")
	jobs := g.dispatch(g.planned()).run(first)
	if jobs["apply"].result != "success" {
		g.t.Fatal("the first apply failed")
	}
	g.branch(branch)
	g.add("people.hcl", addCarol)
	g.commit(branch)
}

// planned is the fingerprint of the plan of main, as somebody would read it.
func (g *github) planned() string {
	g.t.Helper()
	git(g.t, g.work, "checkout", "-q", "main")
	env := append(g.env(), "ROLLCALL_TOKEN_127_0_0_1="+readToken, "ROLLCALL_STATE_URL="+stateToken)
	out, ok := execute(g.t, g.work, env, []string{binary(g.t), "plan"})
	if !ok {
		g.t.Fatal(out)
	}
	return fingerprintIn(g.t, out)
}

func TestGithubPlansBranchesOfItsOwnWithATokenThatReads(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.proposed("carol")
	before := g.written()
	jobs := g.pullRequest("acme", "carol").run(g.workflow("rollcall.yml"))
	if diff := cmp.Diff(map[string]string{"check": "success", "plan": "success", "comment": "success"}, results(jobs)); diff != "" {
		t.Errorf("jobs, want -, got +:\n%s", diff)
	}
	if !strings.Contains(jobs["plan"].log, "Plan: 1 to add") || g.written() != before {
		t.Errorf("%d requests that write, and the plan is\n%s", g.written()-before, jobs["plan"].log)
	}
	if got := len(glob(t, filepath.Join(g.artifacts, "rollcall-plan/plan.json"))); got != 1 {
		t.Errorf("%d plans were kept", got)
	}
}

func TestGithubAppliesByHandThePlanThatSomebodyRead(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.proposed("carol")
	g.squash("carol")
	approved := g.planned()
	g.deactivate("alice@example.com")
	before := g.written()
	apply := g.dispatch(approved).run(g.workflow("rollcall-apply.yml"))["apply"]
	if apply.result != "failure" || g.written() != before {
		t.Fatalf("after drift the apply is a %s, and sent %d requests that write", apply.result, g.written()-before)
	}
	// The plan as it is now stands in the log, and is approved by its fingerprint.
	now := fingerprintIn(t, strings.Split(apply.log, "stale-plan")[0])
	apply = g.dispatch(now).run(g.workflow("rollcall-apply.yml"))["apply"]
	want := []string{"alice@example.com", "bob@example.com", "carol@example.com"}
	if diff := cmp.Diff(want, g.accounts()); apply.result != "success" || diff != "" {
		t.Errorf("the apply is a %s; accounts, want -, got +:\n%s", apply.result, diff)
	}
}

func TestGithubAppliesThePlanOfTheCommentAfterASquash(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.proposed("carol")
	g.forge.Seed([]forgetest.Post{{Author: "mallory", Body: "<!-- rollcall:plan root=. fingerprint=rc1:" + strings.Repeat("0", 64) + " -->"}}, nil)
	for range 2 {
		if jobs := g.pullRequest("acme", "carol").run(g.workflow("rollcall.yml")); jobs["comment"].result != "success" {
			t.Fatal("the plan is not commented")
		}
	}
	comments, _ := g.posts()
	if len(comments) != 2 || !strings.Contains(comments[1].Body, "carol@example.com") {
		t.Fatalf("comments after two runs: %+v", comments)
	}
	g.merge("carol")
	for _, said := range []string{"Apply complete! 1 added", "Nothing is left to apply"} {
		jobs := g.push().run(g.workflow("rollcall-apply.yml"))
		want := map[string]string{"approved": "success", "apply": "success", "unapproved": "skipped"}
		if diff := cmp.Diff(want, results(jobs)); diff != "" || !strings.Contains(jobs["apply"].log, said) {
			t.Fatalf("jobs, want -, got +:\n%s\nwant it to say %q:\n%s", diff, said, jobs["apply"].log)
		}
	}
	if got := g.accounts(); !slices.Contains(got, "carol@example.com") {
		t.Errorf("accounts: %v", got)
	}
}

func TestGithubRefusesToApplyAfterDrift(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.proposed("carol")
	g.pullRequest("acme", "carol").run(g.workflow("rollcall.yml"))
	g.merge("carol")
	g.deactivate("alice@example.com")
	before := g.written()
	jobs := g.push().run(g.workflow("rollcall-apply.yml"))
	want := map[string]string{"approved": "success", "apply": "failure", "unapproved": "skipped"}
	if diff := cmp.Diff(want, results(jobs)); diff != "" || g.written() != before {
		t.Errorf("%d requests that write; jobs, want -, got +:\n%s", g.written()-before, diff)
	}
	if log := jobs["apply"].log; !strings.Contains(log, "stale-plan") || !strings.Contains(log, `user "alice@example.com" will be reactivated`) {
		t.Errorf("the log does not say what it would be now:\n%s", log)
	}
}

func TestGithubShowsAPlanThatNobodyHasApproved(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.proposed("carol")
	// A comment that somebody else has written approves nothing.
	git(t, g.work, "checkout", "-q", "main")
	g.merge("carol")
	approved := g.planned()
	g.forge.Seed([]forgetest.Post{{Author: "mallory", Body: "<!-- rollcall:plan root=. fingerprint=" + approved + " -->\n"}}, nil)
	before := g.written()
	jobs := g.push().run(g.workflow("rollcall-apply.yml"))
	want := map[string]string{"approved": "failure", "apply": "skipped", "unapproved": "success"}
	if diff := cmp.Diff(want, results(jobs)); diff != "" || g.written() != before {
		t.Errorf("%d requests that write; jobs, want -, got +:\n%s", g.written()-before, diff)
	}
	if got := fingerprintIn(t, jobs["unapproved"].log); got != approved {
		t.Errorf("the plan that is shown has %s, want %s", got, approved)
	}
}

func TestGithubCommentsAPlanThatAGuardBlocks(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.proposed("nobody")
	g.edit("people.hcl", func(s string) string { return strings.Replace(s, "[user.alice, user.bob]", "[]", 1) })
	g.edit("access.test.hcl", func(string) string { return emptied })
	g.edit("access.hcl", func(s string) string {
		return strings.Replace(s, "target = target.scim.corp\n", "target = target.scim.corp\n\n  guard {\n    floor = 0\n  }\n", 1)
	})
	g.commit("nobody")
	jobs := g.pullRequest("acme", "nobody").run(g.workflow("rollcall.yml"))
	want := map[string]string{"check": "success", "plan": "failure", "comment": "success"}
	if diff := cmp.Diff(want, results(jobs)); diff != "" {
		t.Errorf("jobs, want -, got +:\n%s", diff)
	}
	if comments, _ := g.posts(); len(comments) != 1 || !strings.Contains(comments[0].Body, "alice@example.com") {
		t.Errorf("comments: %+v", comments)
	}
}

func TestGithubCommentsForAForkWithNothingOfItsRun(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.branch("patch-1")
	g.add("people.hcl", addCarol)
	g.forge.Push(g.commit("patch-1"))
	g.merged("patch-1")
	// A branch of a fork is no branch of this repository.
	git(t, g.work, "push", "-q", "origin", ":refs/heads/patch-1")
	git(t, g.work, "checkout", "-q", "main")
	event := `{"workflow_run":{"head_sha":"` + g.forge.Head() + `","head_branch":"patch-1","head_repository":{"owner":{"login":"mallory"}}}}`
	h := g.hub("workflow_run", "refs/heads/main", git(t, g.work, "rev-parse", "main"), event, map[string]string{
		"github.token": forgeToken, "github.event.workflow_run.event": "pull_request",
		"github.event.workflow_run.head_repository.full_name": "mallory/access", "github.event.workflow_run.head_sha": g.forge.Head(),
	})
	jobs := h.run(g.workflow("rollcall-fork.yml"))
	comments, _ := g.posts()
	if jobs["comment"].result != "success" || len(comments) != 1 || !strings.Contains(comments[0].Body, "carol@example.com") {
		t.Errorf("the job is a %s; comments: %+v", jobs["comment"].result, comments)
	}
	if got := contentOf(t, filepath.Join(jobs["comment"].workspace, "people.hcl")); strings.Contains(got, "carol") {
		t.Error("a file of the fork was checked out")
	}
	if len(g.service.Requests()) > 0 {
		t.Errorf("the target was asked: %v", g.service.Requests())
	}
}

func TestGithubKeepsOneIssueAboutDrift(t *testing.T) {
	t.Parallel()
	g := newGithub(t)
	g.proposed("carol")
	git(t, g.work, "checkout", "-q", "main")
	night := func(open int, names ...string) {
		t.Helper()
		if diff := cmp.Diff(map[string]string{"drift": "success", "issue": "success"}, results(g.night().run(g.workflow("rollcall-drift.yml")))); diff != "" {
			t.Fatalf("jobs, want -, got +:\n%s", diff)
		}
		_, issues := g.posts()
		issues = slices.DeleteFunc(issues, func(p forgetest.Post) bool { return p.Closed })
		if len(issues) != open {
			t.Fatalf("%d issues are open, want %d: %+v", len(issues), open, issues)
		}
		for _, name := range names {
			if !strings.Contains(issues[0].Body, name) {
				t.Errorf("the issue does not name %s:\n%s", name, issues[0].Body)
			}
		}
	}
	night(0)
	g.deactivate("alice@example.com")
	before := g.written()
	night(1, "alice@example.com")
	g.deactivate("bob@example.com")
	before++
	night(1, "alice@example.com", "bob@example.com")
	if _, issues := g.posts(); len(issues) != 1 || g.written() < before {
		t.Errorf("issues: %+v", issues)
	}
	if jobs := g.dispatch(g.planned()).run(g.workflow("rollcall-apply.yml")); jobs["apply"].result != "success" {
		t.Fatal("the repair failed")
	}
	night(0)
}
