package providers

import (
	"context"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/planner"
)

// confirm reads every target that was written to, once, and says of each
// change that was done whether the target shows it. An accepted request is not
// yet a fact: some targets answer 200 and do nothing.
func (r *run) confirm(ctx context.Context) {
	claims := r.claims()
	errs := make([]error, len(r.lanes))
	var all sync.WaitGroup
	for i, l := range r.lanes {
		if l.sending.Err() != nil || len(claims[i]) == 0 {
			continue
		}
		all.Go(func() { errs[i] = r.readBack(ctx, l.target, claims[i]) })
	}
	all.Wait()
	for app, l := range r.laneOf {
		if errs[l] != nil {
			r.result.ReadBack[app] = errs[l]
		}
	}
}

// firstPause is the pause before a target whose reads lag is read again; it
// doubles each time.
const firstPause = 200 * time.Millisecond

// readBack judges claims by what the target shows. What it does not show yet
// is read again until the settle time has passed.
func (r *run) readBack(ctx context.Context, target Target, claims []*claim) error {
	var waited time.Duration
	for pause := firstPause; ; pause *= 2 {
		remote, err := target.Read(ctx)
		if err != nil {
			return err
		}
		claims = judge(remote, claims)
		if len(claims) == 0 || waited >= r.opts.Settle {
			break
		}
		pause = min(pause, r.opts.Settle-waited)
		if err := sleep(ctx, pause); err != nil {
			return err
		}
		waited += pause
	}
	for _, c := range claims {
		c.result.Status, c.result.Err = NotInEffect, c.missing
	}
	return nil
}

// judge gives every claim that remote settles its status and returns the rest.
func judge(remote *planner.Remote, claims []*claim) []*claim {
	var rest []*claim
	for _, c := range claims {
		readable, err := c.check(remote)
		switch {
		case err != nil:
			c.missing = err
			rest = append(rest, c)
		case readable:
			c.result.Status = Confirmed
		default:
			c.result.Status = Unconfirmed
		}
	}
	return rest
}
