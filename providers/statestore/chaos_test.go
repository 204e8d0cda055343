package statestore_test

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/providers/statestore/storetest"
)

// campaignLease lets a dead runner's lock go soon, so that many can die.
const campaignLease = 2 * time.Second

// TestChaosOfRunsThatMeetAtAStore lets processes run at the same states all at
// once and kills them, or stops them for longer than their lease, at random.
// ROLLCALL_CHAOS=1000 makes it ten thousand runs a kind of store, whose figures
// .ci/campaign.awk adds up.
func TestChaosOfRunsThatMeetAtAStore(t *testing.T) {
	t.Parallel()
	trials, err := strconv.Atoi(cmp.Or(os.Getenv("ROLLCALL_CHAOS"), "1"))
	if err != nil {
		t.Fatal(err)
	}
	runs := 10 * trials
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			if trials < 100 {
				t.Parallel()
			}
			newCampaign(t, k, min(2+trials/10, 24)).run(runs)
		})
	}
}

// campaign is processes that run at the same places.
type campaign struct {
	t       *testing.T
	places  []string
	referee *referee
	socket  string
	// stopped are the names of the processes that were ever stopped.
	stopped sync.Map
	running []started
	spawned int
	killed  int
	// waking are those who wake the stopped.
	waking sync.WaitGroup
}

func newCampaign(t *testing.T, k kind, places int) *campaign {
	c := &campaign{t: t}
	for n := range places {
		c.places = append(c.places, k.root(t, fmt.Sprintf("%s %d", plainName(t), n)))
	}
	c.referee = newReferee(t.Errorf, t.Logf, c.places)
	folder, err := os.MkdirTemp("", "rollcall-") // paths of sockets are short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	c.socket = filepath.Join(folder, "referee")
	l, err := net.Listen("unix", c.socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go c.referee.listen(l, func(process string) bool {
		_, ever := c.stopped.Load(process)
		return ever
	})
	return c
}

const (
	// atATime is how many processes run, beside those that were stopped.
	atATime = 3
	// longestCampaign and longestLocked end a campaign that does not come to its
	// end: a state that nobody got the lock of for so long is locked for good.
	longestCampaign = 25 * time.Minute
	longestLocked   = 3 * time.Minute
)

// run lets runs meet until that many came to an end, one way or the other, and
// prints what became of them.
func (c *campaign) run(runs int) {
	began := time.Now()
	for range atATime {
		c.spawn()
	}
	for disturbed := 0; ; disturbed++ {
		got := c.referee.done()
		if got.ended+got.killed >= runs && disturbed >= max(4, runs/200) {
			break
		}
		if c.hangs(began) {
			break
		}
		if disturbed%50 == 49 {
			c.t.Logf("%d of %d runs after %s", got.ended+got.killed, runs, time.Since(began).Round(time.Second))
		}
		c.letRun(got, rand.N(max(10, min(runs/20, 30))))
		c.disturb(disturbed%4 == 3)
	}
	c.waking.Wait()
	for _, p := range c.running {
		c.finish(p)
	}
	lost := 0
	for _, place := range c.places {
		lost += c.referee.lost(place, open(place))
	}
	got := c.referee.done()
	if got.slow > 3+runs/50 {
		c.t.Errorf("%d of %d runs gave up though nobody disturbed them", got.slow, runs)
	}
	c.t.Logf("%s: runs %d, processes killed %d, runs killed under the lock %d, processes stopped beyond their lease %d, locks taken over %d, "+
		"runs that gave up %d, writes on their way when stopped %d: lost %d, two writers %d (at %d states in %s)",
		strings.TrimPrefix(c.t.Name(), "TestChaosOfRunsThatMeetAtAStore/"), got.ended+got.killed, c.killed, got.killed, got.stopped,
		got.takenOver, got.failed, got.late, lost, got.writers, len(c.places), time.Since(began).Round(time.Second))
}

// spawn starts another process.
func (c *campaign) spawn() {
	c.spawned++
	name := fmt.Sprint("p", c.spawned)
	cmd := process(c.t, "runner", strings.Join(append([]string{c.socket}, c.places...), "\n"), name)
	cmd.Env = append(cmd.Env, envLease+"="+campaignLease.String())
	in, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		c.t.Fatal(err)
	}
	c.running = append(c.running, started{cmd, in, name})
}

// letRun waits for another n runs to end, or for some seconds where locks of the
// dead are in the way, and then for a moment that falls anywhere into a run.
func (c *campaign) letRun(since counts, n int) {
	for range 40 {
		if now := c.referee.done(); now.ended-since.ended >= n {
			break
		}
		time.Sleep(campaignLease / 20)
	}
	time.Sleep(rand.N(campaignLease / 20))
}

// hangs reports whether it takes too long, and says why.
func (c *campaign) hangs(began time.Time) bool {
	if time.Since(began) > longestCampaign {
		c.t.Errorf("it has not come to its end in %v: %+v", longestCampaign, c.referee.done())
		return true
	}
	return c.referee.locked(longestLocked)
}

// disturb kills a process, or stops it for longer than its lease, after which it
// is of no more use to anybody. Another one takes its place.
func (c *campaign) disturb(stop bool) {
	victim := c.running[0]
	c.running = c.running[1:]
	defer c.spawn()
	if !stop {
		c.killed++
		_ = victim.Process.Kill()
		_ = victim.Wait() // it was killed
		return
	}
	c.stopped.Store(victim.name, true)
	c.referee.mu.Lock()
	c.referee.runs.stopped++
	c.referee.mu.Unlock()
	if err := victim.Process.Signal(syscall.SIGSTOP); err != nil {
		c.t.Error(err)
	}
	c.waking.Go(func() {
		time.Sleep(3*campaignLease + rand.N(campaignLease))
		if err := victim.Process.Signal(syscall.SIGCONT); err != nil {
			c.t.Error(err)
		}
		c.finish(victim)
	})
}

// finish lets a process end its runs and go.
func (c *campaign) finish(p started) {
	_ = p.in.Close()
	if err := p.Wait(); err != nil {
		c.t.Errorf("process %s: %v", p.name, err)
	}
}

// runner is one process of a campaign: at each place it does one run after the
// other until its input ends.
func runner(root, name string) error {
	roots := strings.Split(root, "\n")
	socket, places := roots[0], roots[1:]
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	var all sync.WaitGroup
	errs := make([]error, len(places))
	for i, place := range places {
		all.Go(func() { errs[i] = runsAt(ctx, socket, place, name) })
	}
	all.Wait()
	return errors.Join(errs...)
}

// told is the referee, as a run sees it.
type told struct {
	net.Conn
	answers *bufio.Scanner
}

// tell says something and waits until it was heard.
func (r told) tell(format string, args ...any) error {
	line := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "; ")
	if _, err := fmt.Fprintln(r, line); err != nil {
		return err
	}
	if !r.answers.Scan() {
		return errors.New("the referee is gone")
	}
	return nil
}

// ofRuns numbers the runs of a process.
var ofRuns atomic.Int64

func runsAt(ctx context.Context, socket, place, process string) error {
	c, err := net.Dial("unix", socket)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	if _, err := fmt.Fprintln(c, process, place); err != nil {
		return err
	}
	r := told{c, bufio.NewScanner(c)}
	store := open(place)
	for ctx.Err() == nil {
		if err := oneRun(ctx, store, r, fmt.Sprintf("user.%s.%d", process, ofRuns.Add(1))); err != nil {
			return err
		}
	}
	return nil
}

// oneRun takes the lock and does what an apply does, as far as it is let. The
// error is for a referee that cannot be reached.
func oneRun(ctx context.Context, store providers.Store, r told, key string) error {
	session, err := store.Lock(ctx, storetest.Info(key), time.Minute)
	if ctx.Err() != nil {
		if err == nil {
			_ = session.Unlock(context.WithoutCancel(ctx))
		}
		return nil //nolint:nilerr // it was told to end while it waited
	}
	if err != nil {
		return r.tell("failed lock: %v", err)
	}
	if err := r.tell("enter"); err != nil {
		return err
	}
	if err := applyAs(store, session, r, key); err != nil {
		if err := r.tell("failed %v", err); err != nil {
			return err
		}
	}
	if err := r.tell("leave"); err != nil {
		return err
	}
	if err := session.Unlock(ctx); err != nil {
		return r.tell("failed unlock: %v", err)
	}
	return nil
}

// applyAs creates one to three people, of whom now and then an answer is lost,
// and saves, unless it dies before.
func applyAs(store providers.Store, session providers.Session, r told, key string) error {
	st, err := store.Read(context.Background())
	if err != nil {
		return err
	}
	for n := range 1 + rand.N(3) {
		if err := createAs(session, st, r, fmt.Sprintf("%s.%d", key, n), n > 0 && rand.N(20) == 0); err != nil {
			return err
		}
	}
	if rand.N(8) == 0 {
		return nil // all that it did stands in the journal alone
	}
	if err := session.Save(context.Background(), st); err != nil {
		return err
	}
	return r.tell("saved %d %s.0", st.Serial, key)
}

func createAs(session providers.Session, st *planner.State, r told, key string, unanswered bool) error {
	c := planner.Change{App: "app", Kind: planner.KindUser, Key: key, Action: planner.Create, Link: planner.Link{Name: key}}
	o := planner.Outcome{RemoteID: key, At: clock()}
	if err := r.tell("begin %s", key); err != nil {
		return err
	}
	if err := session.Intend(c); err != nil {
		return err
	}
	if err := r.tell("intended %s", key); err != nil {
		return err
	}
	if err := session.Held(); err != nil {
		return err
	}
	if err := r.tell("write %s", key); err != nil || unanswered {
		return err
	}
	if err := session.Settle(c, o, nil); err != nil {
		return err
	}
	st.Record(c, o)
	return r.tell("settled %s", key)
}
