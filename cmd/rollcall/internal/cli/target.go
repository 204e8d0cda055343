package cli

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/providers/scim"
	"github.com/rollcall-dev/rollcall/schema"
)

func newTarget(a *app) *cobra.Command {
	c := manual{about: "Commands about the targets of the configuration."}.describe(&cobra.Command{
		Use: "target", Short: "Look at targets", Args: subcommandOnly,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	})
	c.AddCommand(newTargetCheck(a))
	return c
}

func newTargetCheck(a *app) *cobra.Command {
	var load loadFlags
	c := manual{
		about: "Asks each target of the configuration, or the one at ADDRESS, whether the token works,\n" +
			"how the clocks compare and what the service can do. Sends nothing but GET, and writes\n" +
			"nothing.",
		example: "rollcall target check target.twingate.corp",
	}.describe(&cobra.Command{
		Use: "check [ADDRESS]", Short: "Check a target's credentials and what it can do", Args: atMostOne("ADDRESS"),
		RunE: func(c *cobra.Command, args []string) error { return a.checkTarget(c.Context(), load, first(args)) },
	})
	load.add(c)
	return c
}

func (a *app) checkTarget(ctx context.Context, flags loadFlags, address string) error {
	o, err := a.options(flags)
	if err != nil {
		return err
	}
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	return p.CheckTargets(ctx, schema.Address(address), func(at schema.Address, r *scim.Report) error {
		return render.TargetReport(a.stdout, at, r, a.style(a.stdout))
	})
}
