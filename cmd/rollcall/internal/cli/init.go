package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
)

func newInit(a *app) *cobra.Command {
	var interactive, input bool
	var load loadFlags
	c := manual{
		about: "Reads the configuration, checks that the state store can be read and locked, and that\n" +
			"it keeps two writers apart. Writes .gitignore so that .rollcall/ stays out of git.\n" +
			"Runs as often as you like. With -interactive it asks a few questions and writes\n" +
			"rollcall.hcl where there is no configuration yet.",
		example: "rollcall init -interactive",
	}.describe(&cobra.Command{
		Use:   "init",
		Short: "Prepare a folder: check the state store, keep .rollcall/ out of git",
		Args:  noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if interactive && !input {
				return &usageError{errors.New("-interactive asks, and -input=false says that nobody can be asked; leave one of the two out"), c}
			}
			if interactive {
				if err := a.interview(); err != nil {
					return err
				}
			}
			return a.initialise(c.Context(), load)
		},
	})
	c.Flags().BoolVar(&interactive, "interactive", false, "ask, and write a first configuration")
	c.Flags().BoolVar(&input, "input", true, "never ask, which is so without -interactive")
	load.add(c)
	return c
}

// ignoreData adds .rollcall/ to .gitignore, unless it is there.
func ignoreData() (bool, error) {
	const name, line = ".gitignore", ".rollcall/"
	content, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("read %s: %w", name, err)
	}
	for have := range strings.Lines(string(content)) {
		if strings.Trim(strings.TrimSpace(have), "/") == strings.Trim(line, "/") {
			return false, nil
		}
	}
	if len(content) > 0 && content[len(content)-1] != '\n' {
		content = append(content, '\n')
	}
	if err := os.WriteFile(name, append(content, line+"\n"...), 0o644); err != nil {
		return false, fmt.Errorf("write %s: %w", name, err)
	}
	return true, nil
}

// configured reports whether the folder has configuration already.
func configured() (bool, error) {
	names, err := filepath.Glob("*.hcl")
	if err != nil {
		return false, err
	}
	more, err := filepath.Glob("*.hcl.json")
	return len(names)+len(more) > 0, err
}

// initialise checks the state store and keeps its folder out of git.
func (a *app) initialise(ctx context.Context, flags loadFlags) error {
	o, err := a.options(flags)
	if err != nil {
		return err
	}
	o.MayBeEmpty = true
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	path, err := p.CheckState(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "The state is kept in %s, which can be read and locked.\n", render.Terminal(path))
	if how := p.Encrypted(); how != "" {
		fmt.Fprintf(a.stdout, "State, audit log and plan files are written %s.\n", how)
	}
	wrote, err := ignoreData()
	if err != nil {
		return err
	}
	if wrote {
		fmt.Fprintln(a.stdout, "Added .rollcall/ to .gitignore.")
	}
	next := "rollcall plan"
	if len(p.Config.Files) == 0 {
		next = "write your configuration here, or let \"rollcall init -interactive\" write a first one"
	}
	fmt.Fprintln(a.stdout, "Ready. Next: "+next)
	return nil
}
