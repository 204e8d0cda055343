package providers_test

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/sandbox"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/providers/statestore"
	"github.com/rollcall-dev/rollcall/schema"
)

// chaosNow is the moment that worlds are resolved for.
var chaosNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// chaos is a service and a state file, which outlive every process.
type chaos struct {
	t       testing.TB
	service *sandbox.Service
	// folder holds the files of the service and of the state.
	folder string
	// block declares the service to the client.
	block schema.Target
	// parallel is how many changes a process has under way.
	parallel int
}

const (
	serviceFile = "service.json"
	stateFile   = "state.json"
)

// past is what the files hold after a history.
type past map[string][]byte

// live lets the history happen once, at a service of the given dialect.
func live(t *testing.T, dialect string, history []world) past {
	t.Helper()
	files := past{}
	synctest.Test(t, func(t *testing.T) {
		c := past{}.resume(t, dialect)
		for _, w := range history {
			c.converge(w)
		}
		if err := c.service.Close(); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{serviceFile, stateFile} {
			content, err := os.ReadFile(filepath.Join(c.folder, name))
			if err != nil {
				t.Fatal(err)
			}
			files[name] = content
		}
	})
	return files
}

// resume returns a place where that past has happened.
func (p past) resume(t testing.TB, dialect string) *chaos {
	t.Helper()
	c := &chaos{t: t, folder: t.TempDir(), block: services[dialect], parallel: 1}
	for name, content := range p {
		if err := os.WriteFile(filepath.Join(c.folder, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	service, err := sandbox.Open(sandbox.Options{Dialect: dialect, Path: filepath.Join(c.folder, serviceFile), NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	c.service = service
	t.Cleanup(func() { _ = service.Close() })
	return c
}

// process is one run of the program, from its start to its end or death: lock,
// state, read, plan, apply, save. It reports whether there was nothing left to do.
func (c *chaos) process(w world, way *wire) (converged bool) {
	c.t.Helper()
	way.service = c.service
	ctx, interrupt := context.WithCancel(context.Background())
	defer interrupt()
	store := statestore.NewFile(filepath.Join(c.folder, stateFile), func() string { return "lineage" }, time.Now).Unsynced()
	session, err := store.Lock(ctx, providers.LockInfo{ID: "x"}, 0)
	if err != nil {
		c.t.Fatalf("lock: %v", err)
	}
	defer func() { _ = session.Unlock(ctx) }() // the system does that for the dead
	state, err := store.Read(ctx)
	if err != nil {
		c.t.Fatalf("read the state: %v", err)
	}
	target := c.target(way)
	defer target.Close()
	c.wait(state, target.Dialect().Lookup.Settle)
	plan, err := c.plan(w, state, target)
	if err != nil {
		if !way.dead {
			c.t.Fatalf("plan: %v", err)
		}
		return false
	}
	if len(plan.Changes) == 0 {
		for i := range plan.Held {
			c.t.Errorf("nothing is left to do, and %s is held back: %s", plan.Held[i].Key, plan.Held[i].Code)
		}
		return true
	}
	result, err := providers.Apply(ctx, plan, providers.Options{
		Targets: map[string]providers.Target{theApp: target}, Journal: mortal{session, way.fate, interrupt}, State: state,
		Parallelism: c.parallel, Settle: target.Dialect().Lookup.Settle,
	})
	if err != nil {
		c.t.Fatalf("apply: %v", err)
	}
	if calm := way.dieAt < 0 && way.befall == nil && !way.interrupted; calm && way.writes != plan.Summary.Requests {
		c.t.Errorf("the plan promises %d requests, the service got %d that write", plan.Summary.Requests, way.writes)
	}
	if err := (mortal{session, way.fate, interrupt}).Save(ctx, result.State); err != nil && !way.dead {
		c.t.Fatalf("save: %v", err)
	}
	return false
}

// wait waits until the service must show what earlier processes did.
func (c *chaos) wait(state *planner.State, settle time.Duration) {
	last := state.Unsettled
	for _, i := range state.Intents {
		if sent := i.At.Add(providers.IntentAge(settle)); sent.After(last) {
			last = sent
		}
	}
	time.Sleep(time.Until(last.Add(settle)))
}

func (c *chaos) target(way *wire) *scim.Target {
	c.t.Helper()
	block := c.block
	block.Address, block.BaseURL = theTarget, "http://127.0.0.1:1/scim/v2"
	target, err := scim.New(scim.Config{
		Target:   block,
		Identity: "chaos",
		Token:    schema.NewSecret(func() (string, error) { return "token", nil }),
		HTTP:     providers.ClientOptions{Transport: way},
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return target
}

func (c *chaos) plan(w world, state *planner.State, target *scim.Target) (*planner.Plan, error) {
	remote, err := target.Read(context.Background())
	if err != nil {
		return nil, err
	}
	return planner.Compute(planner.Input{
		Desired: w.desired(c.t, target.Capabilities()), State: state,
		Remotes: map[schema.Address]*planner.Remote{theTarget: remote},
	})
}

// lag makes the service show what was true some time ago.
func (c *chaos) lag(d time.Duration) {
	c.t.Helper()
	fault, err := sandbox.ParseFault("lag=" + d.String())
	if err != nil {
		c.t.Fatal(err)
	}
	c.service.Inject(fault)
}

// look takes a picture once reads show everything.
func (c *chaos) look() picture {
	c.t.Helper()
	time.Sleep(time.Second)
	return look(c.t, c.service)
}

// converge runs one process after the other, without mishaps, until nothing is
// left to do. It returns how many it took.
func (c *chaos) converge(w world) int {
	c.t.Helper()
	for n := range 5 {
		if c.process(w, newWire(-1)) {
			return n
		}
	}
	c.t.Fatal("five processes in a row have not converged")
	return 0
}

// tally counts what chaos did and what came of it.
type tally struct {
	past                           past
	runs, deaths                   int
	struck                         map[mishap]int
	lost, duplicated, wronglyTaken int
}

func newTally(t *testing.T, dialect string) *tally {
	t.Helper()
	history, _ := worlds()
	return &tally{past: live(t, dialect, history), struck: map[mishap]int{}}
}

func (t *tally) String() string {
	faults := fmt.Sprintf("kills %d", t.deaths)
	for _, m := range mishaps {
		if n := t.struck[m]; n > 0 {
			faults += fmt.Sprintf(", %s %d", m, n)
		}
	}
	return fmt.Sprintf("runs %d, %s: lost %d, duplicated %d, wrongly removed %d", t.runs, faults, t.lost, t.duplicated, t.wronglyTaken)
}

// compare counts what is wrong with got, which should be want.
func (t *tally) compare(tb testing.TB, got, want picture) {
	tb.Helper()
	t.duplicated += len(got.Twice)
	for name, active := range want.Accounts {
		if is, there := got.Accounts[name]; !there || is != active {
			t.lost++
		}
	}
	for name, members := range want.Groups {
		if !slices.Equal(got.Groups[name], members) {
			t.lost++
		}
	}
	if diff := gocmp.Diff(want, got); diff != "" {
		tb.Errorf("the target after all (-want +got):\n%s", diff)
	}
}

// kept checks that nobody lost, on the way from one world to the next, what
// they have in both.
func (t *tally) kept(tb testing.TB, now, before, after picture) {
	tb.Helper()
	for name, active := range before.Accounts {
		if active && after.Accounts[name] && !now.Accounts[name] {
			t.wronglyTaken++
			tb.Errorf("%s was deactivated on the way", name)
		}
	}
	for group, members := range before.Groups {
		for _, m := range members {
			if slices.Contains(after.Groups[group], m) && !slices.Contains(now.Groups[group], m) {
				t.wronglyTaken++
				tb.Errorf("%s was taken out of %q on the way", m, group)
			}
		}
	}
}

// services are the dialects that chaos strikes, with the client's target block.
var services = map[string]schema.Target{
	"scim":     {Dialect: "scim"},
	"twingate": {Dialect: "twingate"},
	"put-only": {Dialect: "scim", Settings: []schema.Setting{
		{Block: "write", Name: "user", Value: "put"}, {Block: "write", Name: "group", Value: "put"},
	}},
}

// struck are the services that are struck in this run of the tests.
func struck() []string {
	if testing.Short() {
		return []string{"scim"}
	}
	return slices.Sorted(maps.Keys(services))
}

// trial lets today come about at a place where the history has happened: first
// do, then processes without mishaps until nothing is left to do.
func (t *tally) trial(tb testing.TB, dialect string, do func(c *chaos, today world)) {
	history, today := worlds()
	before, want := history[1].end(history[:1]), today.end(history)
	c := t.past.resume(tb, dialect)
	do(c, today)
	t.kept(tb, c.look(), before, want)
	t.runs += 1 + c.converge(today)
	t.compare(tb, c.look(), want)
}

// TestAKillAtAnyStepLosesAndDoublesNothing kills an apply before and after
// every request and every write to disk, and lets the next one finish.
func TestAKillAtAnyStepLosesAndDoublesNothing(t *testing.T) {
	for _, dialect := range struck() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			total := newTally(t, dialect)
			for step, dead := 0, true; dead && !t.Failed(); step++ {
				synctest.Test(t, func(t *testing.T) {
					total.trial(t, dialect, func(c *chaos, today world) {
						way := newWire(step)
						c.process(today, way)
						if dead = way.dead; dead {
							total.deaths++
						}
					})
					if t.Failed() {
						t.Logf("killed at step %d", step)
					}
				})
			}
			t.Logf("%s: %v", t.Name(), total)
		})
	}
}

// TestChaosAtAnyWriteLosesAndDoublesNothing loses, fails and throttles every
// single request that writes, before and after it takes effect.
func TestChaosAtAnyWriteLosesAndDoublesNothing(t *testing.T) {
	for _, dialect := range struck() {
		for _, m := range mishaps {
			t.Run(fmt.Sprint(dialect, ", ", m), func(t *testing.T) {
				t.Parallel()
				total := newTally(t, dialect)
				for at, struck := 0, true; struck && !t.Failed(); at++ {
					synctest.Test(t, func(t *testing.T) {
						total.trial(t, dialect, func(c *chaos, today world) {
							way := newWire(-1)
							way.befall = func(n int) mishap {
								if n == at {
									return m
								}
								return none
							}
							c.process(today, way)
							struck = way.struck[m] > 0
							total.struck[m] += way.struck[m]
						})
						if t.Failed() {
							t.Logf("%s at write %d", m, at)
						}
					})
				}
				t.Logf("%s: %v", t.Name(), total)
			})
		}
	}
}

// TestAWriteOfTheDeadThatComesLateIsNotMadeTwice kills an apply at every write,
// and lets the write arrive when the next one has read the target, which may be
// interrupted before it sends anything. Where names of
// groups may be had twice, nobody could notice that.
func TestAWriteOfTheDeadThatComesLateIsNotMadeTwice(t *testing.T) {
	for _, dialect := range []string{"scim", "put-only"} {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			total := newTally(t, dialect)
			for at, died := 0, true; died && !t.Failed(); at++ {
				for _, interrupted := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						total.trial(t, dialect, func(c *chaos, today world) { died = total.overtake(c, today, at, interrupted) })
						if t.Failed() {
							t.Logf("late: write %d, the next run interrupted: %t", at, interrupted)
						}
					})
				}
			}
			t.Logf("%s: %v", t.Name(), total)
		})
	}
}

// overtake kills a process at a write, and lets the next one overtake that.
func (t *tally) overtake(c *chaos, today world, at int, interrupted bool) (died bool) {
	first, second := newWire(-1), newWire(-1)
	first.befall = func(n int) mishap {
		if n == at {
			return overtaken
		}
		return none
	}
	c.process(today, first)
	if first.late == nil {
		return false
	}
	t.deaths++
	t.runs++
	late := sync.OnceFunc(first.late)
	second.befall = func(int) mishap {
		late()
		return none
	}
	second.interrupted = interrupted
	c.process(today, second)
	late()
	return true
}

// TestChaos is the campaign: process after process is killed somewhere, answers
// get lost, reads lag, and much is under way at a time. ROLLCALL_CHAOS says how
// many trials there are, and .ci/campaign.awk adds up what they log.
func TestChaos(t *testing.T) {
	trials, err := strconv.Atoi(cmp.Or(os.Getenv("ROLLCALL_CHAOS"), "25"))
	if err != nil {
		t.Fatalf("ROLLCALL_CHAOS: %v", err)
	}
	for _, dialect := range struck() {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			total := newTally(t, dialect)
			for seed := 0; seed < trials && !t.Failed(); seed++ {
				synctest.Test(t, func(t *testing.T) {
					total.trial(t, dialect, func(c *chaos, today world) { total.storm(c, today, uint64(seed)) })
					if t.Failed() {
						t.Logf("seed %d", seed)
					}
				})
			}
			t.Logf("%s: %v", t.Name(), total)
		})
	}
}

// storm lets processes run into their deaths until one of them finds nothing
// left to do.
func (t *tally) storm(c *chaos, today world, seed uint64) {
	random := rand.New(rand.NewPCG(seed, 0))
	if c.block.Settings == nil {
		// The first PUT asks what the service can do, under a lock that the other
		// PUTs wait for: the clock of the test stands still meanwhile.
		c.parallel = 1 + random.IntN(8)
	}
	if random.IntN(2) == 0 {
		c.lag(time.Duration(1+random.IntN(900)) * time.Millisecond)
	}
	for range 30 {
		way := newWire(random.IntN(150))
		way.befall = func(int) mishap {
			if random.IntN(6) > 0 {
				return none
			}
			return mishaps[random.IntN(len(mishaps))]
		}
		converged := c.process(today, way)
		t.runs++
		if way.dead {
			t.deaths++
		}
		for m, n := range way.struck {
			t.struck[m] += n
		}
		if converged {
			return
		}
	}
}
