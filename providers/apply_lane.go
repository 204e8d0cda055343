package providers

import (
	"context"
	"errors"
	"fmt"

	"github.com/rollcall-dev/rollcall/planner"
)

// lane sends the changes for one target, stage by stage. It belongs to the
// goroutine of [run.loop]; workers touch the context and the slots alone.
type lane struct {
	target Target
	graph  *graph
	stages stages
	// ready may be started, in order; open counts what of the stage has not ended.
	ready []int32
	open  int
	// inHand counts changes with a worker. There are more workers than slots,
	// so that one writes to the journal while another waits for the target.
	inHand, most int
	slots        chan struct{}
	// taken is closed once the last worker has taken its slot, or will never.
	taken chan struct{}

	// sending ends when nothing more may be sent to this target.
	sending context.Context
	giveUp  context.CancelCauseFunc
	// failures in a row, and how many of them are too many; gaveUp is the last of them.
	failures, tooMany int
	gaveUp            error
}

// makeLanes makes one lane for each target of changes.
func (r *run) makeLanes(changes []planner.Change) {
	byTarget := map[Target]int32{}
	for i := range changes {
		app := changes[i].App
		if _, known := r.laneOf[app]; known {
			continue
		}
		target := r.opts.Targets[app]
		n, known := byTarget[target]
		if !known {
			n = int32(len(r.lanes))
			byTarget[target] = n
			r.lanes = append(r.lanes, r.newLane(target))
		}
		r.laneOf[app] = n
	}
}

// workersPerSlot lets a slot be busy while three workers for it are at the
// journal: a sync may then take half as long as an answer, and more.
const workersPerSlot = 4

func (r *run) newLane(t Target) *lane {
	l := &lane{
		target:  t,
		most:    workersPerSlot * r.opts.Parallelism,
		slots:   make(chan struct{}, r.opts.Parallelism),
		tooMany: r.opts.GiveUpAfter,
	}
	l.taken = make(chan struct{})
	close(l.taken)
	l.sending, l.giveUp = context.WithCancelCause(r.sending)
	return l
}

// begin gives the lane its work.
func (l *lane) begin(g *graph, s stages) {
	l.graph, l.stages = g, s
	l.open = len(s[0])
	l.fill()
}

func (l *lane) fill() {
	for _, i := range l.stages[0] {
		if l.graph.waits[i] == 0 {
			l.ready = append(l.ready, i)
		}
	}
}

// next returns a change that may be started now.
func (l *lane) next() (int32, bool) {
	if len(l.ready) == 0 || l.inHand >= l.most || l.sending.Err() != nil {
		return 0, false
	}
	i := l.ready[0]
	l.ready = l.ready[1:]
	return i, true
}

// turn is a worker's place in the queue for a slot: changes are sent in the
// order in which they were started, whoever is first through with the journal.
type turn struct {
	come <-chan struct{}
	over chan<- struct{}
}

func (l *lane) nextTurn() turn {
	t := make(chan struct{})
	defer func() { l.taken = t }()
	return turn{come: l.taken, over: t}
}

// takeSlot waits for t and for a free slot. It reports false where sending
// ended; there is no slot to give back then.
func (l *lane) takeSlot(t turn) bool {
	<-t.come
	defer close(t.over)
	select {
	case l.slots <- struct{}{}:
	case <-l.sending.Done():
		return false
	}
	if l.sending.Err() != nil {
		l.freeSlot()
		return false
	}
	return true
}

func (l *lane) freeSlot() { <-l.slots }

// end frees the changes that waited for i, and begins the next stage after the
// last change of this one.
func (l *lane) end(i int32) {
	for _, n := range l.graph.then[i] {
		l.graph.waits[n]--
		if l.graph.waits[n] == 0 && placeOf(&l.graph.changes[n]) == placeOf(&l.graph.changes[i]) {
			l.ready = append(l.ready, n)
		}
	}
	l.open--
	if l.open > 0 || len(l.stages) == 1 {
		return
	}
	l.stages = l.stages[1:]
	l.open = len(l.stages[0])
	l.fill()
}

// count gives the target up after too many failures in a row that are no
// matter of a single object.
func (l *lane) count(res *ChangeResult) {
	var object *ObjectError
	switch {
	case res.Status == Skipped:
		return
	case res.Err == nil, errors.As(res.Err, &object):
		l.failures = 0
		return
	}
	l.failures++
	if l.failures == l.tooMany {
		l.gaveUp = res.Err
		l.giveUp(fmt.Errorf("%d changes in a row failed, the last: %w", l.failures, res.Err))
	}
}
