package providers

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// Apply carries plan out: exactly its changes, wave by wave, each after those
// that it needs. Inside a wave changes run in parallel. The intent of a change
// is durable before it is sent, its outcome before anything that depends on it
// is sent.
//
// A change that fails holds back those that need it and no other. Rejected
// credentials and a journal that cannot be written stop the run; so does the
// end of ctx: then nothing new is sent, and what is in flight may finish for
// [Options.Grace]. Whatever happened is in the Result.
//
// The error is for a plan that cannot be carried out as it stands; nothing was
// sent then.
func Apply(ctx context.Context, plan *planner.Plan, opts Options) (*Result, error) {
	opts = opts.withDefaults()
	r, err := newRun(ctx, plan, opts)
	if err != nil {
		return nil, fmt.Errorf("apply the plan: %w", err)
	}
	defer r.close()
	r.loop()
	r.finish(ctx)
	return r.result, nil
}

func (o Options) withDefaults() Options {
	if o.Parallelism <= 0 {
		o.Parallelism = DefaultParallelism
	}
	if o.GiveUpAfter <= 0 {
		o.GiveUpAfter = DefaultGiveUpAfter
	}
	if o.Grace <= 0 {
		o.Grace = DefaultGrace
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}

// run is one apply. The fields are touched by the goroutine of [run.loop]
// alone, except where a method says otherwise.
type run struct {
	opts  Options
	graph *graph
	lanes []*lane
	// laneOf is the lane of each app.
	laneOf map[string]int32
	result *Result
	began  time.Time
	// done counts the changes that came to an end.
	done   int
	inHand int
	ended  chan ended

	// sending ends when nothing new may be sent, with why as its cause.
	sending context.Context
	halt    context.CancelCauseFunc
	// inFlight ends some time later, for requests that were sent before.
	inFlight context.Context
	cut      context.CancelCauseFunc

	events sync.Mutex
}

// ended is a change that a worker is through with.
type ended struct {
	change  int32
	result  ChangeResult
	elapsed time.Duration
}

func newRun(ctx context.Context, plan *planner.Plan, opts Options) (*run, error) {
	if err := checkPlan(plan, &opts); err != nil {
		return nil, err
	}
	changes := sendable(plan.Changes)
	r := &run{opts: opts, laneOf: map[string]int32{}, began: opts.Now(), ended: make(chan ended)}
	r.sending, r.halt = context.WithCancelCause(ctx)
	r.inFlight, r.cut = context.WithCancelCause(context.WithValue(context.WithoutCancel(ctx), watcherKey{}, r))
	r.makeLanes(changes)
	g, err := newGraph(changes, len(r.lanes), r.laneOf)
	if err != nil {
		r.close()
		return nil, err
	}
	r.graph = g
	r.result = &Result{
		Changes:  make([]ChangeResult, len(changes)),
		State:    opts.State,
		GaveUp:   map[string]error{},
		ReadBack: map[string]error{},
	}
	for i, l := range r.lanes {
		l.begin(g, g.lanes[i])
	}
	return r, nil
}

// checkPlan refuses what must not be carried out.
func checkPlan(plan *planner.Plan, opts *Options) error {
	switch {
	case !plan.Complete:
		return errors.New("not everything that it depends on was read")
	case !plan.Applyable:
		return errors.New("it is blocked by a guard, a policy or a protection")
	case opts.Journal == nil || opts.State == nil:
		return errors.New("there is no journal or no state to record it in")
	}
	for i := range plan.Changes {
		c := &plan.Changes[i]
		if !c.ReportOnly && opts.Targets[c.App] == nil {
			return fmt.Errorf("%s %s %q: app %q has no target that may be written to", c.Action, c.Kind, c.Name, c.App)
		}
		if c.Requests == 0 && c.Action == planner.Create {
			return fmt.Errorf("create %s %q: a create takes a request", c.Kind, c.Name)
		}
	}
	return nil
}

// sendable leaves out what is only reported.
func sendable(changes []planner.Change) []planner.Change {
	reported := func(c planner.Change) bool { return c.ReportOnly }
	if !slices.ContainsFunc(changes, reported) {
		return changes
	}
	return slices.DeleteFunc(slices.Clone(changes), reported)
}

func (r *run) close() {
	r.halt(nil)
	r.cut(nil)
}

// progressEvery is the time between two EventProgress.
const progressEvery = 10 * time.Second

// loop sends everything that may be sent and returns once nothing is in hand.
func (r *run) loop() {
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	stopped := r.sending.Done()
	var graceOver <-chan time.Time
	for {
		r.launch()
		if r.inHand == 0 {
			return
		}
		select {
		case e := <-r.ended:
			r.inHand--
			r.lanes[r.graph.laneOf[e.change]].inHand--
			r.settle(e)
		case <-stopped:
			stopped = nil
			grace := time.NewTimer(r.opts.Grace)
			defer grace.Stop()
			graceOver = grace.C
		case <-graceOver:
			r.cut(errGraceOver)
		case <-tick.C:
			r.tell(Event{Type: EventProgress, Done: r.done, Elapsed: r.opts.Now().Sub(r.began)})
		}
	}
}

var errGraceOver = errors.New("the run was stopped, and the target did not answer in time")

// launch starts what is ready in every lane.
func (r *run) launch() {
	for _, l := range r.lanes {
		for {
			i, ok := l.next()
			if !ok {
				break
			}
			r.start(i, l)
		}
	}
}

// start hands change i to a worker, or ends it where it cannot be sent.
func (r *run) start(i int32, l *lane) {
	c, held, err := r.resolve(i)
	res := ChangeResult{Change: c, Rejected: held}
	if err != nil {
		res.Status, res.Err = Skipped, err
		r.settle(ended{change: i, result: res})
		return
	}
	r.inHand++
	l.inHand++
	turn := l.nextTurn()
	go func() { r.ended <- ended{change: i, elapsed: r.carry(l, turn, &res), result: res} }()
}

// settle takes the result of a change in and frees those that waited for it.
func (r *run) settle(e ended) {
	e.result.Took = e.elapsed
	r.result.Changes[e.change] = e.result
	l := r.lanes[r.graph.laneOf[e.change]]
	l.count(&e.result)
	l.end(e.change)
	if errors.Is(e.result.Err, errNotSent) {
		return
	}
	r.done++
	r.report(&r.result.Changes[e.change], e.elapsed)
}
