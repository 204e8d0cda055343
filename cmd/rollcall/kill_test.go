package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/providers/sandbox"
)

// killedConfig is the configuration of the processes that are killed; the
// lines after it are what was declared yesterday, and what is today.
const killedConfig = `
variable "url" {}
target "scim" "corp" {
  base_url = var.url
  lookup { settle = "20ms" }
}
app "vpn" { target = target.scim.corp }
assignment "all" {
  app    = app.vpn
  groups = [group.all]
}
push_group "eng" {
  app   = app.vpn
  group = group.eng
}
push_group "ops" {
  app   = app.vpn
  group = group.ops
}
user "ann" { login = "ann@x.org" }
user "cyd" { login = "cyd@x.org" }
user "zed" { login = "zed@x.org" }
`

const yesterday = killedConfig + `
user "bob" { login = "bob@x.org" }
group "all" { members = [user.ann, user.bob, user.cyd, user.zed] }
group "eng" {
  name    = "Engineering"
  members = [user.ann, user.bob, user.zed]
}
group "ops" { members = [user.cyd] }
`

const today = killedConfig + `
user "bob" { login = "robert@x.org" }
user "dan" { login = "dan@x.org" }
group "all" { members = [user.ann, user.bob, user.cyd, user.dan] }
group "eng" {
  name    = "Platform"
  members = [user.ann, user.dan]
}
group "ops" { members = [user.bob, user.cyd] }
group "lab" { members = [user.ann, user.dan] }
push_group "lab" {
  app   = app.vpn
  group = group.lab
}
`

// held is what the target must hold in the end: accounts with whether they are
// active, groups with their members.
var held = []string{
	"account ann@x.org true", "account cyd@x.org true", "account dan@x.org true", "account robert@x.org true", "account zed@x.org false",
	"group Platform: ann@x.org dan@x.org", "group lab: ann@x.org dan@x.org", "group ops: cyd@x.org robert@x.org",
}

// killing is a place where processes are killed: one address, behind which one
// service after the other has the same past.
type killing struct {
	*httptest.Server
	past string
	cut  cut

	mu      sync.Mutex
	service http.Handler
	// strike is asked before each request that writes, and told its number.
	strike func(n int, deliver func())
	writes int
}

func (k *killing) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	k.mu.Lock()
	service, strike, n := k.service, k.strike, k.writes
	if r.Method != http.MethodGet {
		k.writes++
	}
	k.mu.Unlock()
	if r.Method == http.MethodGet || strike == nil {
		service.ServeHTTP(w, r)
		return
	}
	answered := false
	strike(n, func() {
		service.ServeHTTP(w, r)
		answered = true
	})
	if !answered {
		panic(http.ErrAbortHandler)
	}
}

// newKilling lets yesterday happen.
func newKilling(t *testing.T) *killing {
	t.Helper()
	k := &killing{past: t.TempDir()}
	k.Server = httptest.NewUnstartedServer(k)
	k.Listener = cutting{k.Listener, &k.cut}
	k.Start()
	t.Cleanup(k.Close)
	stop := k.open(t, k.past, yesterday)
	k.finish(t, k.past)
	stop()
	return k
}

// open puts the service whose file lies in root behind the address, and config
// into root.
func (k *killing) open(t *testing.T, root, config string) (stop func()) {
	t.Helper()
	write(t, filepath.Join(root, "main.hcl"), config)
	service, err := sandbox.Open(sandbox.Options{Path: filepath.Join(root, "target.json"), NoSync: true, Token: canary})
	if err != nil {
		t.Fatal(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.service, k.strike, k.writes = service, nil, 0
	return func() { _ = service.Close() }
}

func write(t *testing.T, name, content string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

// today returns a place where yesterday has happened, and today is declared.
func (k *killing) today(t *testing.T) (root string) {
	t.Helper()
	root = t.TempDir()
	if err := os.CopyFS(root, os.DirFS(k.past)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.open(t, root, today))
	return root
}

// command is rollcall in root.
func (k *killing) command(root string, args ...string) (*exec.Cmd, *strings.Builder) {
	c := exec.Command("rollcall", args...)
	c.Dir = root
	c.Env = append(os.Environ(), "ROLLCALL_TOKEN_127_0_0_1="+canary, "ROLLCALL_VAR_url="+k.URL+sandbox.BasePath, "HOME="+root, "GORACE="+noExitSleep)
	out := &strings.Builder{}
	c.Stdout, c.Stderr = out, out
	return c, out
}

// finish expects one process to do all that is left to do.
func (k *killing) finish(t *testing.T, root string) {
	t.Helper()
	for _, args := range [][]string{{"apply", "-auto-approve"}, {"plan", "-detailed-exitcode"}} {
		c, out := k.command(root, args...)
		if err := c.Run(); err != nil {
			t.Fatalf("rollcall %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

// look lists what the target holds, without the client: accounts with whether
// they are active, groups with their members.
func (k *killing) look(t *testing.T) []string {
	t.Helper()
	var got []string
	names := map[string]string{}
	for _, u := range k.list(t, "/Users") {
		names[u["id"].(string)] = u["userName"].(string)
		got = append(got, "account "+u["userName"].(string)+" "+strconv.FormatBool(u["active"].(bool)))
	}
	for _, g := range k.list(t, "/Groups") {
		var members []string
		found, _ := g["members"].([]any)
		for _, m := range found {
			members = append(members, names[m.(map[string]any)["value"].(string)])
		}
		slices.Sort(members)
		got = append(got, "group "+g["displayName"].(string)+": "+strings.Join(members, " "))
	}
	slices.Sort(got)
	return got
}

// check compares what the target holds with what is declared.
func (k *killing) check(t *testing.T) {
	t.Helper()
	if diff := gocmp.Diff(held, k.look(t)); diff != "" {
		t.Errorf("the target after all (-want +got):\n%s", diff)
	}
}

func (k *killing) list(t *testing.T, path string) []map[string]any {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, sandbox.BasePath+path+"?count=1000", nil)
	r.Header.Set("Authorization", "Bearer "+canary)
	w := httptest.NewRecorder()
	k.service.ServeHTTP(w, r)
	var page struct{ Resources []map[string]any }
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil {
		t.Fatalf("list %s: %v: %s", path, err, w.Body)
	}
	return page.Resources
}

// TestAProcessKilledAtAnyWriteLeavesTheRestToTheNext sends SIGKILL while the
// target has a request in its hands, before it is carried out and after.
func TestAProcessKilledAtAnyWriteLeavesTheRestToTheNext(t *testing.T) {
	t.Parallel()
	k := newKilling(t)
	total := &stops{by: map[os.Signal]int{}}
	for _, carriedOut := range []bool{false, true} {
		for at, died := 0, true; died && !t.Failed(); at++ {
			root := k.today(t)
			if died = k.killAt(t, root, at, carriedOut); died {
				total.by[os.Kill]++
			}
			total.runs++
			total.kept(t, k)
			k.finish(t, root)
			total.compare(t, k)
			if t.Failed() {
				t.Logf("killed at write %d, carried out: %t", at, carriedOut)
			}
		}
	}
	t.Logf("%s: %v", t.Name(), total)
	if kills := total.by[os.Kill]; kills < 10 {
		t.Errorf("got %d kills, want one before and one after each of at least five writes", kills)
	}
}

// killAt lets a process run until its request number at has arrived, and
// reports whether it came so far.
func (k *killing) killAt(t *testing.T, root string, at int, carriedOut bool) bool {
	t.Helper()
	c, out := k.command(root, "apply", "-auto-approve", "-parallelism=1")
	started, gone := make(chan struct{}), make(chan struct{})
	var died atomic.Bool
	k.striking(func(n int, deliver func()) {
		if n != at {
			deliver()
			return
		}
		if carriedOut {
			deliver()
		}
		<-started
		died.Store(true)
		_ = c.Process.Kill()
		<-gone // no answer may reach it
	})
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	close(started)
	err := c.Wait()
	close(gone)
	k.striking(nil)
	if (err != nil) != died.Load() {
		t.Fatalf("apply: %v\n%s", err, out)
	}
	return died.Load()
}

func (k *killing) striking(strike func(n int, deliver func())) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.strike = strike
}

// stops counts how processes were ended, and what came of it.
type stops struct {
	runs                           int
	by                             map[os.Signal]int
	lost, duplicated, wronglyTaken int
	// others are further faults, each with how many there were.
	others string
	// worst is the longest that one took to end, after it was told to.
	worst time.Duration
}

func (s *stops) String() string {
	return fmt.Sprintf("runs %d, kills %d, interrupts %d%s: lost %d, duplicated %d, wrongly removed %d, worst time to stop in ms %d",
		s.runs, s.by[os.Kill], s.by[os.Interrupt], s.others, s.lost, s.duplicated, s.wronglyTaken, s.worst.Milliseconds())
}

// run lets a process apply, and sends it a signal after a time if it still runs.
// It reports whether it got through.
func (s *stops) run(t *testing.T, c *exec.Cmd, signal os.Signal, after time.Duration) bool {
	t.Helper()
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	told := make(chan time.Time, 1)
	timer := time.AfterFunc(after, func() {
		told <- time.Now()
		if c.Process.Signal(signal) != nil {
			_ = c.Process.Kill() // there is no other signal on Windows
		}
	})
	err := c.Wait()
	s.runs++
	if timer.Stop() {
		return err == nil
	}
	s.by[signal]++
	s.worst = max(s.worst, time.Since(<-told))
	return err == nil
}

// kept counts who has lost, on the way from yesterday to today, what they have
// on both days.
func (s *stops) kept(t *testing.T, k *killing) {
	t.Helper()
	now := strings.Join(k.look(t), "\n") + "\n"
	for _, want := range []string{
		`account ann@x\.org true`, `account cyd@x\.org true`, `account (bob|robert)@x\.org true`,
		`group (Engineering|Platform): .*\bann@x\.org\b`, `group ops: .*\bcyd@x\.org\b`,
	} {
		if !regexp.MustCompile(want).MatchString(now) {
			s.wronglyTaken++
			t.Errorf("on the way there was no %s in\n%s", want, now)
		}
	}
}

// compare counts what is not as declared after all.
func (s *stops) compare(t *testing.T, k *killing) {
	t.Helper()
	got := k.look(t)
	for _, want := range held {
		if !slices.Contains(got, want) {
			s.lost++
		}
	}
	s.duplicated += max(0, len(got)-len(held))
	k.check(t)
}

// chaosTrials is how often chaos strikes: a few times, or as ROLLCALL_CHAOS says.
func chaosTrials(t *testing.T) int {
	t.Helper()
	trials, err := strconv.Atoi(cmp.Or(os.Getenv("ROLLCALL_CHAOS"), "3"))
	if err != nil || trials < 1 {
		t.Fatalf("ROLLCALL_CHAOS is %q: %v", os.Getenv("ROLLCALL_CHAOS"), err)
	}
	return trials
}

// TestKilledAgainAndAgain kills or interrupts one process after the other at any
// time at all, until one gets through or five are dead.
func TestKilledAgainAndAgain(t *testing.T) {
	t.Parallel()
	trials := chaosTrials(t)
	k := newKilling(t)
	random := rand.New(rand.NewPCG(1, 2))
	total := &stops{by: map[os.Signal]int{}}
	for range trials {
		root := k.today(t)
		for range 5 {
			signal := []os.Signal{os.Kill, os.Kill, os.Interrupt}[random.IntN(3)]
			c, _ := k.command(root, "apply", "-auto-approve")
			through := total.run(t, c, signal, time.Duration(5+random.IntN(50))*time.Millisecond)
			total.kept(t, k)
			if through {
				break
			}
		}
		k.finish(t, root)
		total.compare(t, k)
	}
	t.Logf("%s: %v", t.Name(), total)
}
