package cli

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// tree returns the whole command line, and its commands that do something.
func tree() (*cobra.Command, []*cobra.Command) {
	root := newRoot(&app{})
	var list []*cobra.Command
	var walk func(*cobra.Command)
	walk = func(c *cobra.Command) {
		for _, sub := range c.Commands() {
			if sub.HasSubCommands() {
				walk(sub)
			} else if sub.IsAvailableCommand() {
				list = append(list, sub)
			}
		}
	}
	walk(root)
	return root, list
}

func TestEveryCommandSaysWhatItReadsAndWritesWithAnExample(t *testing.T) {
	t.Parallel()
	_, commands := tree()
	for _, c := range commands {
		if c.Short == "" || c.Long == "" || c.Example == "" {
			t.Errorf("%s: want one line, a text and an example", c.CommandPath())
		}
		if strings.HasSuffix(c.Short, ".") {
			t.Errorf("%s: the one line ends with a full stop", c.CommandPath())
		}
		if !strings.Contains(c.Example, c.CommandPath()) {
			t.Errorf("%s: the example does not use it: %q", c.CommandPath(), c.Example)
		}
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Usage == "" {
				t.Errorf("%s: -%s says nothing", c.CommandPath(), f.Name)
			}
		})
	}
}

func TestHelpFitsATerminal(t *testing.T) {
	t.Parallel()
	root, commands := tree()
	for _, c := range append(commands, root) {
		var out bytes.Buffer
		c.SetOut(&out)
		help(c, nil)
		for line := range strings.Lines(out.String()) {
			if n := len([]rune(line)); n > 101 {
				t.Errorf("%s: a line of the help has %d columns: %s", c.CommandPath(), n, line)
			}
		}
	}
}

// A flag means the same kind of value in every command, because the command
// line is normalised before its command is known.
func TestAFlagTakesAValueEverywhereOrNowhere(t *testing.T) {
	t.Parallel()
	_, commands := tree()
	kinds := map[string]string{}
	for _, c := range commands {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if have, ok := kinds[f.Name]; ok && have != f.NoOptDefVal {
				t.Errorf("%s: -%s takes a value elsewhere, or not here", c.CommandPath(), f.Name)
			}
			kinds[f.Name] = f.NoOptDefVal
		})
	}
}

const commandsPage = "../../../../docs/commands.md"

func TestCommandsPageIsCurrent(t *testing.T) {
	t.Parallel()
	want := page()
	if os.Getenv("UPDATE") != "" {
		if err := os.WriteFile(commandsPage, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(commandsPage)
	if err != nil {
		t.Fatalf("read the page (UPDATE=1 writes it): %v", err)
	}
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("docs/commands.md is not current, UPDATE=1 writes it (-want +got):\n%s", diff)
	}
}

// page writes docs/commands.md from the tree of commands.
func page() string {
	root, commands := tree()
	var b strings.Builder
	b.WriteString(pageHead)
	b.WriteString("| command | |\n|---|---|\n")
	for _, c := range commands {
		name := strings.TrimPrefix(c.CommandPath(), "rollcall ")
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s |\n", name, strings.ReplaceAll(name, " ", "-"), c.Short)
	}
	fmt.Fprintf(&b, "\nFlags of every command:\n\n")
	writeFlags(&b, root.PersistentFlags())
	for _, c := range commands {
		writeCommand(&b, c)
	}
	b.WriteString(pageFoot)
	return b.String()
}

// writeCommand writes the section of one command.
func writeCommand(b *strings.Builder, c *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n%s.\n\n", strings.TrimPrefix(c.CommandPath(), "rollcall "), c.Short)
	fmt.Fprintf(b, "```\n%s\n```\n\n%s\n\n", usageLine(c), c.Long)
	writeFlags(b, c.NonInheritedFlags())
	fmt.Fprintf(b, "\nExample:\n\n```sh\n%s\n```\n", c.Example)
	if exits := c.Annotations["exits"]; exits != "" {
		fmt.Fprintf(b, "\nExit codes: %s\n", strings.Join(strings.Fields(exits), " "))
	}
}

// writeFlags writes a table of flags.
func writeFlags(b *strings.Builder, flags *pflag.FlagSet) {
	if !flags.HasAvailableFlags() {
		return
	}
	b.WriteString("| flag | |\n|---|---|\n")
	flags.VisitAll(func(f *pflag.Flag) {
		name, usage := flagText(f)
		if f.Name != "help" {
			fmt.Fprintf(b, "| `%s` | %s |\n", name, usage)
		}
	})
}

const pageHead = `# Commands

<!-- Written from the commands themselves; UPDATE=1 go test ./cmd/rollcall/internal/cli writes it anew. -->

Flags are written with one dash or two, before or after arguments: ` + "`-out=FILE`, `--out FILE`" + `. Results go to standard output,
findings and progress to standard error; with ` + "`-json`" + ` everything goes to standard output, one JSON object a line. Colour is for
terminals alone. The first Ctrl-C lets the requests in flight end and saves what was reached, the second ends the program at once.

`

const pageFoot = `
## Exit codes

| code | plan | drift | apply | validate, fmt -check |
|---|---|---|---|---|
| 0 | no changes, or changes without ` + "`-detailed-exitcode`" + ` | none | done and converged | ok |
| 1 | error | error | error, nothing written | invalid, or not formatted |
| 2 | changes, with ` + "`-detailed-exitcode`" + ` | drift | | |
| 3 | blocked by a guard, a policy or a protection | drift whose repair would be blocked | refused, nothing written | |
| 4 | | | partly done, state saved: run again | |
| 130 | interrupted | interrupted | interrupted, state saved | |

## Environment

| variable | |
|---|---|
| ` + "`ROLLCALL_TOKEN_<host>`" + ` | the token of the target at that host: dots as ` + "`_`, dashes as `__`" + `, the port left out; sent to no other host |
| ` + "`ROLLCALL_TOKEN_<host>_FILE`" + ` | the path of a file that holds it |
| ` + "`ROLLCALL_AGE_IDENTITY`" + ` | the age identity that reads what an encryption block encrypts; with ` + "`_FILE`" + ` behind it, the path of its file |
| ` + "`ROLLCALL_ALLOWED_HOSTS`" + ` | the only hosts that targets may be at, separated by commas |
| ` + "`ROLLCALL_VAR_<name>`" + ` | the value of a variable |
| ` + "`ROLLCALL_DATA_DIR`" + ` | the folder to use instead of ` + "`.rollcall`" + ` |
| ` + "`ROLLCALL_LOG`" + ` | trace, debug, info, warn, error or off (default): a log on standard error |
| ` + "`ROLLCALL_LOG_FORMAT`" + ` | text (default) or json |
| ` + "`ROLLCALL_SANDBOX_TOKEN`" + ` | the token that ` + "`rollcall sandbox`" + ` asks for |
| ` + "`NO_COLOR`, `TERM=dumb`" + ` | no colour |
| ` + "`CI`" + ` | lines instead of a progress bar |
`
