package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/schema"
)

func newExplainCode(a *app) *cobra.Command {
	return manual{
		about:   "Every finding has a stable code. Prints what a code means and what to do, or, without\nCODE, all of them. Reads and writes nothing.",
		example: "rollcall explain-code push-member-unassigned",
	}.describe(&cobra.Command{
		Use: "explain-code [CODE]", Short: "Say what a finding's code means", Args: atMostOne("CODE"),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return codeNames(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error { return a.explainCode(first(args)) },
	})
}

func (a *app) explainCode(code string) error {
	all := schema.Codes()
	if code == "" {
		return render.Codes(a.stdout, all, a.style(a.stdout))
	}
	for i := range all {
		if string(all[i].Code) == code {
			return render.Code(a.stdout, all[i], a.style(a.stdout))
		}
	}
	return fmt.Errorf("no finding has the code %q%s", code, didYouMean(code, codeNames(), ""))
}

func codeNames() []string {
	all := schema.Codes()
	names := make([]string, len(all))
	for i := range all {
		names[i] = string(all[i].Code)
	}
	return names
}
