package run

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// read reads every connected target whole, all at once.
func (p *Project) read(ctx context.Context, connected connections) (map[schema.Address]*planner.Remote, error) {
	remotes := make([]*planner.Remote, len(connected))
	group, ctx := errgroup.WithContext(ctx)
	for i, c := range connected {
		group.Go(func() error {
			began := p.options.Now()
			remote, err := c.reader.Read(ctx)
			if err != nil {
				return &PlaceError{What: c.block.Address, Origin: c.block.Origin, Err: fmt.Errorf("read the target: %w", err)}
			}
			p.options.Log.Info("target read", "target", c.block.Address, "users", len(remote.Users),
				"groups", len(remote.Groups), "requests", remote.Requests, "took", p.options.Now().Sub(began))
			remote.Target = c.block.Address
			remotes[i] = remote
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	byAddress := make(map[schema.Address]*planner.Remote, len(remotes))
	for i, c := range connected {
		byAddress[c.block.Address] = remotes[i]
	}
	return byAddress, nil
}

// settle waits until reads must show what an earlier run did that was cut
// short. Without the wait, a plan could do again what is done already.
func (p *Project) settle(ctx context.Context, state *planner.State, connected connections) error {
	wait := p.settled(state, connected).Sub(p.options.Now())
	if wait <= 0 {
		return nil
	}
	p.options.Notice(unsettledNotice(len(state.Intents), wait))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(wait):
		return nil
	}
}

func unsettledNotice(unanswered int, wait time.Duration) string {
	what := "An earlier run did not see what it wrote"
	if unanswered > 0 {
		what = fmt.Sprintf("An earlier run was cut short with %d of its requests unanswered", unanswered)
	}
	return fmt.Sprintf("%s; waiting %s until the target must show it.", what, wait.Round(time.Second/10))
}

// settled is when reads show everything that earlier runs did.
func (p *Project) settled(state *planner.State, connected connections) (at time.Time) {
	later := func(t time.Time, c *connection) {
		if end := t.Add(c.settle); end.After(at) {
			at = end
		}
	}
	var slowest time.Duration
	for _, c := range connected {
		slowest = max(slowest, c.settle)
	}
	for _, intent := range state.Intents {
		if c := connected.of(p.targetOf(intent.App)); c != nil {
			later(intent.At.Add(providers.IntentAge(slowest)), c)
		}
	}
	for _, c := range connected {
		later(state.Unsettled, c)
	}
	return at
}

// targetOf returns the target of the app called name.
func (p *Project) targetOf(name string) schema.Address {
	for i := range p.Config.Apps {
		if p.Config.Apps[i].Name == name {
			return p.Config.Apps[i].Target
		}
	}
	return ""
}

// inputs says what a plan was made from.
func (p *Project) inputs(state *planner.State, remotes map[schema.Address]*planner.Remote) planner.Inputs {
	in := planner.Inputs{
		Config:      p.revision(),
		Directories: p.directories,
		State:       planner.StateInput{Lineage: state.Lineage, Serial: state.Serial},
		Only:        p.options.Only,
		Given:       p.Config.Given,
	}
	for _, address := range slices.Sorted(maps.Keys(remotes)) {
		r := remotes[address]
		in.Targets = append(in.Targets, planner.TargetInput{
			Address: string(address), Identity: r.Identity, Dialect: r.Capabilities.Dialect,
			Users: len(r.Users), Groups: len(r.Groups), Requests: r.Requests,
		})
	}
	return in
}
