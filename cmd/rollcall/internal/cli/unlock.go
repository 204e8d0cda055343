package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"
)

func newForceUnlock(a *app) *cobra.Command {
	return manual{
		about: "Takes the state's lock away from a run that is gone. ID stands in the message of\n" +
			"whoever found the lock taken. Whoever still holds it notices before the next write\n" +
			"and stops. The lock of a run that died is free by itself: in a file at once, elsewhere\n" +
			"when its lease is over. Where the audit log is encrypted and the key is not at hand, the\n" +
			"lock is broken all the same; exit code 1 says that the log does not tell of it.",
		example: "rollcall force-unlock 7QK3…",
	}.describe(&cobra.Command{
		Use: "force-unlock ID", Short: "Break the state's lock", Args: exactly(1, "ID"),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := a.project()
			if err != nil {
				return err
			}
			defer p.Close()
			if err := p.ForceUnlock(c.Context(), args[0]); err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, "The lock was broken.")
			return nil
		},
	})
}

// openFile opens a file that the command line names; the error is short.
func openFile(name string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}
