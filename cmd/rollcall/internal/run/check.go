package run

import (
	"context"
	"fmt"

	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

// CheckTargets asks every target, or the one at an address, what it can do and
// whether it takes the token, and hands each report to tell. It sends nothing
// but GET. The first target that cannot be used ends it.
func (p *Project) CheckTargets(ctx context.Context, only schema.Address, tell func(schema.Address, *scim.Report) error) error {
	found := false
	for i := range p.Config.Targets {
		t := p.Config.Targets[i]
		if only != "" && t.Address != only {
			continue
		}
		found = true
		if err := p.checkTarget(ctx, t, tell); err != nil {
			return &PlaceError{What: t.Address, Origin: t.Origin, Err: err}
		}
	}
	if only != "" && !found {
		return fmt.Errorf("check the target %q: the configuration has no such block", only)
	}
	return nil
}

func (p *Project) checkTarget(ctx context.Context, t schema.Target, tell func(schema.Address, *scim.Report) error) error {
	c, err := p.connectOne(ctx, t, reading)
	if err != nil {
		return err
	}
	defer connections{c}.close()
	report, err := c.scim.Check(ctx)
	if err != nil {
		return fmt.Errorf("check the target: %w", err)
	}
	return tell(t.Address, report)
}
