package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner/policy"
	"github.com/rollcall-dev/rollcall/schema"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// consoleFlags are those of console.
type consoleFlags struct {
	loadFlags
	at   string
	json bool
}

func newConsole(a *app) *cobra.Command {
	var f consoleFlags
	c := manual{
		about: "Reads the configuration and evaluates expressions over it: what a locals block can say,\n" +
			"such as local.leads, user.alice.login or length(user), and effective, as in a policy. With\n" +
			"an EXPRESSION it evaluates that alone; else it takes one expression a line from standard\n" +
			"input, and more lines while brackets are open. On a terminal lines can be edited, Tab\n" +
			"completes names, the arrow keys bring back earlier lines, and help says more. Sensitive\n" +
			"values are not shown and need not be given. Opens no socket, needs no credential, and writes nothing\n" +
			"but the history of a terminal, to .rollcall/console_history where that folder exists.",
		example: "rollcall console\nrollcall console 'keys(user)' -at=main\necho 'local.leads' | rollcall console -json",
		exits:   "0 each has a value, or a terminal was left; 1 error, or one has none.",
	}.describe(&cobra.Command{
		Use: "console [EXPRESSION]", Short: "Evaluate expressions over the configuration", Args: atMostOne("EXPRESSION"),
		RunE: func(c *cobra.Command, args []string) error { return a.console(c.Context(), f, args) },
	})
	f.add(c)
	addAt(c, &f.at)
	c.Flags().BoolVar(&f.json, "json", false, "print each value as JSON, on a line")
	return c
}

func (a *app) console(ctx context.Context, f consoleFlags, args []string) error {
	o, err := a.optionsAt(f.loadFlags, f.at)
	if err != nil {
		return err
	}
	o.Expressions = true
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	c := console{a: a, expressions: p.Expressions, facts: policy.Facts(p.Desired, nil), json: f.json}
	if len(args) > 0 {
		return status(c.evaluate(args[0]))
	}
	return c.converse(ctx, p)
}

// console evaluates one expression after the other.
type console struct {
	a           *app
	expressions *load.Loaded
	facts       *schema.Facts
	json        bool
	// pending are the lines of an expression that is not finished.
	pending string
	lines   int
	failed  bool
}

// lines give a console what is typed, line by line: [io.EOF] at the end, and
// errAbandoned where what was typed so far is not meant.
type lines interface {
	// next reads a line; continued tells that it goes on with an expression.
	next(ctx context.Context, continued bool) (string, error)
}

var errAbandoned = errors.New("the expression was abandoned")

// converse takes expressions from standard input. On a terminal a mistake is no
// failure: the person has seen it.
func (c *console) converse(ctx context.Context, p *run.Project) error {
	in, isTerminal := c.a.stdin.(*os.File)
	_, shown := terminalWidth(c.a.stdout)
	isTerminal = isTerminal && term.IsTerminal(int(in.Fd()))
	switch {
	case isTerminal && shown && !c.a.dumb():
		e := newEditor(c.a, in, p)
		fmt.Fprintln(c.a.stdout, "Expressions over the configuration; \"help\" says more, Ctrl-D or \"exit\" leaves.")
		return errors.Join(c.loop(ctx, e), e.history.save())
	case isTerminal && shown:
		return c.loop(ctx, newPiped(c.a.stdin, c.a.stdout))
	}
	if err := c.loop(ctx, newPiped(c.a.stdin, io.Discard)); err != nil {
		return err
	}
	if c.failed {
		return status(exitError)
	}
	return nil
}

// What one expression may have in lines and bytes before it is finished.
const (
	maxExpressionLines = 1000
	maxExpressionBytes = 64 << 10
)

// loop evaluates what in gives until its end.
func (c *console) loop(ctx context.Context, in lines) error {
	for {
		line, err := in.next(ctx, c.pending != "")
		switch {
		case errors.Is(err, errAbandoned):
			c.pending, c.lines = "", 0
			continue
		case errors.Is(err, io.EOF):
			if c.pending != "" {
				c.fail(c.evaluate(c.pending))
			}
			return nil
		case err != nil:
			return fmt.Errorf("read an expression: %w", err)
		}
		if c.take(line) {
			return nil
		}
	}
}

// take adds a line to the expression at hand and evaluates that once it is
// finished. It reports whether the line asks to leave.
func (c *console) take(line string) (leave bool) {
	if c.pending == "" {
		switch strings.TrimSpace(line) {
		case "":
			return false
		case "exit", "quit":
			return true
		case "help":
			fmt.Fprint(c.a.stdout, consoleHelp)
			return false
		}
	}
	c.pending += line + "\n"
	c.lines++
	switch {
	case c.lines > maxExpressionLines || len(c.pending) > maxExpressionBytes:
		fmt.Fprintf(c.a.stderr, "Error: an expression is not finished after %d lines and %d bytes, which is more than one may have; it was dropped.\n",
			c.lines, len(c.pending))
		c.failed = true
	case load.Unfinished(c.pending):
		return false
	case !isComment(c.pending):
		c.fail(c.evaluate(c.pending))
	}
	c.pending, c.lines = "", 0
	return false
}

// isComment reports whether there is nothing to evaluate in a line.
func isComment(line string) bool {
	line = strings.TrimSpace(line)
	return strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//")
}

func (c *console) fail(code int) { c.failed = c.failed || code != exitOK }

// evaluate prints the value of an expression, or says why it has none, and
// returns the exit code that stands for it.
func (c *console) evaluate(src string) int {
	result, found := c.expressions.EvaluateOver(src, c.facts)
	if len(found) > 0 {
		c.a.sources[load.ExpressionFile] = []byte(src)
		if err := c.a.diagnostics(found); err != nil {
			return exitError
		}
	}
	if found.HasErrors() {
		return exitError
	}
	if err := c.print(result); err != nil {
		c.a.report(err)
		return exitError
	}
	return exitOK
}

func (c *console) print(r load.Result) error {
	if c.json {
		return render.ValueJSON(c.a.stdout, r.Value)
	}
	return render.Lines(c.a.stdout, r.Text)
}

const consoleHelp = `An expression is what can stand behind an equals sign in a locals block:

  user.alice.title            an attribute of a person
  keys(user)                  the names of all user blocks
  [for u in user : u.login if u.department == "Sales"]
  local.leads, var.network    a local value, a variable
  app.vpn, group.eng, target.twingate.corp
  effective.apps.vpn.users, effective.groups[group.eng].members
                              who has what in the end, as in a policy

It goes on in the next line while brackets are open; Ctrl-C abandons it.
Tab completes names. "exit" or Ctrl-D leaves.
`

// piped gives the lines of a file or pipe.
type piped struct {
	scanner *bufio.Scanner
	prompt  io.Writer
}

// newPiped reads r, and prompts on w where somebody waits there.
func newPiped(r io.Reader, w io.Writer) *piped {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxExpressionBytes)
	return &piped{scanner: s, prompt: w}
}

func (p *piped) next(ctx context.Context, continued bool) (string, error) {
	fmt.Fprint(p.prompt, promptOf(continued))
	return wait(ctx, func() (string, error) {
		if p.scanner.Scan() {
			return p.scanner.Text(), nil
		}
		switch err := p.scanner.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			return "", fmt.Errorf("a line has more than %d bytes", maxExpressionBytes)
		case err != nil:
			return "", err
		}
		return "", io.EOF
	})
}

func promptOf(continued bool) string {
	if continued {
		return "| "
	}
	return "> "
}
