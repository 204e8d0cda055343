// Package cli is the command line: one file a command, flags in, exit code
// out. It is the only package that reads the environment, the clock and
// secrets; what it reads it passes on. It decides nothing about people and
// groups, that is what package run and the layers below are for.
//
// Start at Main, then root.go for the tree of commands.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// Main carries out the command line args (without the program's name) and
// returns the exit code of the process.
func Main(args []string) int {
	TuneMemory(os.LookupEnv)
	ctx, stop := interruptible(os.Stderr)
	defer stop()
	return execute(ctx, args, process{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
		lookup: os.LookupEnv, now: time.Now,
	})
}

// process is what the commands see of the world around them.
type process struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	lookup         func(string) (string, bool)
	now            func() time.Time
}

// app is one invocation: the process and the flags that every command has.
type app struct {
	process
	chdir   string
	noColor bool
	// events is the stream of -json, once a command has begun it.
	events *render.Events
	// sources are the files of the configuration, to show lines of.
	sources load.Sources
}

// execute runs one command line in the given process.
func execute(ctx context.Context, args []string, p process) int {
	a := &app{process: p}
	root := newRoot(a)
	root.SetArgs(normalise(root, args))
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	return a.exitCode(ctx, root.ExecuteContext(ctx))
}

// The exit codes of the contract. 2, 3 and 4 mean different things to
// different commands; see the table in the reference of the command line.
const (
	exitOK          = 0
	exitError       = 1
	exitChanges     = 2
	exitBlocked     = 3
	exitPartial     = 4
	exitInterrupted = 130
)

// exitStatus is a command's way to end with a code other than 0 after it has
// said all there is to say.
type exitStatus int

// Error names the code; it is never shown.
func (e exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// status turns a code into what a command returns.
func status(code int) error {
	if code == exitOK {
		return nil
	}
	return exitStatus(code)
}

// exitCode reports err, where it has not been reported, and returns the code
// of the process.
func (a *app) exitCode(ctx context.Context, err error) int {
	var code exitStatus
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &code):
		return int(code)
	case ctx.Err() == nil:
		a.report(err)
		return exitError
	case a.events == nil && errors.Is(err, context.Canceled):
		a.say("Interrupted.")
	default:
		a.report(err)
	}
	return exitInterrupted
}

// usageError is a command line that cannot be understood.
type usageError struct {
	err     error
	command *cobra.Command
}

// Error names what is wrong and where the help is.
func (e *usageError) Error() string {
	return fmt.Sprintf("%v\n\n%s", e.err, e.help())
}

// help says where to read on.
func (e *usageError) help() string { return fmt.Sprintf("See %q.", e.command.CommandPath()+" -help") }

// Unwrap returns the cause.
func (e *usageError) Unwrap() error { return e.err }
