package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/planner/statefile"
)

func newState(a *app) *cobra.Command {
	c := manual{
		about: "The state is the ledger of what rollcall owns at the targets. These commands read and\n" +
			"change the ledger alone; no target is told anything, and only rebuild asks them.",
	}.describe(&cobra.Command{
		Use: "state", Short: "Look after the state", Args: subcommandOnly,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	})
	c.AddCommand(newStateList(a), newStateShow(a), newStateMove(a), newStateRemove(a), newStatePull(a), newStatePush(a),
		newStateRebuild(a), newStateEncrypt(a))
	return c
}

func newStateList(a *app) *cobra.Command {
	var app string
	c := manual{
		about:   "Prints one line for each object that is owned: its app and its key.",
		example: "rollcall state list -app=vpn",
	}.describe(&cobra.Command{
		Use: "list", Short: "List what is owned", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			return a.withState(c.Context(), func(s *planner.State) error { return a.listState(s, app) })
		},
	})
	c.Flags().StringVar(&app, "app", "", "limit to the app called `NAME`")
	return c
}

func newStateShow(a *app) *cobra.Command {
	var app string
	c := manual{
		about:   "Prints what the state knows of one object, in every app or in one, as JSON.",
		example: "rollcall state show user.alice",
	}.describe(&cobra.Command{
		Use: "show KEY", Short: "Show one object of the state", Args: exactly(1, "KEY"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.withState(c.Context(), func(s *planner.State) error { return a.showObject(s, app, args[0]) })
		},
	})
	c.Flags().StringVar(&app, "app", "", "limit to the app called `NAME`")
	return c
}

func newStateMove(a *app) *cobra.Command {
	var app string
	c := manual{
		about: "Gives an object of the state another key, after its block was renamed. The remote\n" +
			"object stays what it is. A moved block in the configuration does the same, reviewed.",
		example: "rollcall state mv user.alice user.alice_ng",
	}.describe(&cobra.Command{
		Use: "mv FROM TO", Short: "Give an object another key", Args: exactly(2, "FROM and TO"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.changeState(c.Context(), run.StateChange{
				Operation: "state mv", Detail: inApp(app, args[0]) + " to " + args[1],
				Change: func(s *planner.State) error { return moveObject(s, app, args[0], args[1]) },
			})
		},
	})
	c.Flags().StringVar(&app, "app", "", "limit to the app called `NAME`")
	return c
}

func newStateRemove(a *app) *cobra.Command {
	var app string
	c := manual{
		about: "Forgets an object: the remote one stays as it is, and is not owned any more. A removed\n" +
			"block in the configuration does the same, reviewed. KEY may be a whole app, app.NAME,\n" +
			"as where its target is another service now. What was taken away from the app before\n" +
			"still counts for guards, until their window is over.",
		example: "rollcall state rm group.contractors",
	}.describe(&cobra.Command{
		Use: "rm KEY", Short: "Forget an object", Args: exactly(1, "KEY"),
		RunE: func(c *cobra.Command, args []string) error {
			return a.changeState(c.Context(), run.StateChange{
				Operation: "state rm", Detail: inApp(app, args[0]),
				Change: func(s *planner.State) error { return a.removeObject(s, app, args[0]) },
			})
		},
	})
	c.Flags().StringVar(&app, "app", "", "limit to the app called `NAME`")
	return c
}

func newStatePull(a *app) *cobra.Command {
	var saved bool
	c := manual{
		about: "Prints the state, with what the journal has beyond it, in the format of the file. It is\n" +
			"not encrypted, also where the configuration has an encryption block. Where the journal\n" +
			"is damaged, -without-journal prints the state as it was saved last.",
		example: "rollcall state pull > backup.json",
	}.describe(&cobra.Command{
		Use: "pull", Short: "Print the state", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			read := (*run.Project).State
			if saved {
				read = (*run.Project).SavedState
			}
			return a.withStateAs(c.Context(), read, func(s *planner.State) error { return statefile.Encode(a.stdout, s) })
		},
	})
	c.Flags().BoolVar(&saved, "without-journal", false, "the state as it was saved, without what was done since")
	return c
}

func newStatePush(a *app) *cobra.Command {
	var force bool
	c := manual{
		about: "Replaces the state by FILE (- is standard input). Refuses one of another lineage, and\n" +
			"one that is older than what it would replace; with -force it takes their place, and that\n" +
			"of a state or a journal that is damaged. What is damaged is kept under another name, and\n" +
			"the output says where.",
		example: "rollcall state push backup.json\nrollcall state push -force backup.json",
	}.describe(&cobra.Command{
		Use: "push FILE", Short: "Replace the state by a file", Args: exactly(1, "FILE"),
		RunE: func(c *cobra.Command, args []string) error {
			p, err := a.project()
			if err != nil {
				return err
			}
			defer p.Close()
			pushed, err := a.readStateFile(p, args[0])
			if err != nil {
				return err
			}
			detail := fmt.Sprintf("the state %q at serial %d, from %s", pushed.Lineage, pushed.Serial, args[0])
			return a.changeStateOf(c.Context(), p, run.StateChange{
				Operation: "state push", Detail: detail, Displace: force,
				Change: func(s *planner.State) error { return replaceState(s, pushed, force) },
			})
		},
	})
	c.Flags().BoolVar(&force, "force", false, "also over another lineage, a newer state, or a damaged one")
	return c
}

func newStateEncrypt(a *app) *cobra.Command {
	return manual{
		about: "Saves the state anew, with nothing changed, as the encryption block says now: run it\n" +
			"after the block was added, after recipients or the passphrase changed, or after\n" +
			"enabled = false. Without it the next apply that changes something does the same. What\n" +
			"the audit log has already stays as it was written.",
		example: "rollcall state encrypt",
	}.describe(&cobra.Command{
		Use: "encrypt", Short: "Save the state as the encryption block says", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error { return a.encryptState(c.Context()) },
	})
}

func (a *app) encryptState(ctx context.Context) error {
	p, err := a.project()
	if err != nil {
		return err
	}
	defer p.Close()
	how := p.Encrypted()
	if how == "" {
		return errors.New("the configuration does not say how: add an encryption block to its rollcall block")
	}
	err = p.ChangeState(ctx, run.StateChange{
		Operation: "state encrypt", Detail: how, Change: func(*planner.State) error { return nil },
	})
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The state was saved %s.\n", how)
	return nil
}

// exactly refuses any other number of arguments than n.
func exactly(n int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return &usageError{fmt.Errorf("want %s, got %d arguments", what, len(args)), c}
		}
		return nil
	}
}

// project loads the configuration without its directories: enough to know
// where the state is. Findings do not matter to that, unless the state's own
// block could not be understood.
func (a *app) project() (*run.Project, error) {
	o, err := a.options(loadFlags{})
	if err != nil {
		return nil, err
	}
	p, err := run.Load(o)
	if err != nil {
		return nil, err
	}
	a.sources = p.Sources
	return p, nil
}

// withState reads the state and hands it to use.
func (a *app) withState(ctx context.Context, use func(*planner.State) error) error {
	return a.withStateAs(ctx, (*run.Project).State, use)
}

// withStateAs is [app.withState] for a way of reading.
func (a *app) withStateAs(ctx context.Context, read func(*run.Project, context.Context) (*planner.State, error), use func(*planner.State) error) error {
	p, err := a.project()
	if err != nil {
		return err
	}
	defer p.Close()
	state, err := read(p, ctx)
	if err != nil {
		return err
	}
	return use(state)
}

// inApp names an object of the state, in one app or in all.
func inApp(app, key string) string {
	if app == "" {
		return key
	}
	return "app." + app + " " + key
}

// changeState changes the state under its lock.
func (a *app) changeState(ctx context.Context, change run.StateChange) error {
	p, err := a.project()
	if err != nil {
		return err
	}
	defer p.Close()
	return a.changeStateOf(ctx, p, change)
}

func (a *app) changeStateOf(ctx context.Context, p *run.Project, change run.StateChange) error {
	if err := p.ChangeState(ctx, change); err != nil {
		return err
	}
	fmt.Fprintln(a.stdout, "The state was saved.")
	return nil
}

// readStateFile reads a state from a file, or from standard input for "-". It may
// be encrypted.
func (a *app) readStateFile(p *run.Project, name string) (*planner.State, error) {
	in := a.stdin
	if name != "-" {
		f, err := openFile(name)
		if err != nil {
			return nil, fmt.Errorf("read a state: %w", err)
		}
		defer f.Close()
		in = f
	}
	s, err := p.ReadState(in)
	if err != nil {
		return nil, fmt.Errorf("read a state from %s: %w", name, err)
	}
	return s, nil
}
