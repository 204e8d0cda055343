package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/schema"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// format is one invocation of fmt.
type format struct {
	*app
	check, diff bool
	// unformatted counts files that were or would be rewritten.
	unformatted int
	findings    schema.Diagnostics
}

func newFmt(a *app) *cobra.Command {
	f := &format{app: a}
	c := manual{
		about: "Reads *.hcl and *.vars in the given files and folders (default: here and below) and\n" +
			"writes those back that are not in the canonical format; their names go to standard\n" +
			"output. PATH - reads standard input and writes standard output.",
		example: "rollcall fmt -check -diff",
		exits:   "0 everything is formatted, or was now; 1 with -check: something is not.",
	}.describe(&cobra.Command{
		Use:   "fmt [PATH…]",
		Short: "Write configuration files in the canonical format",
		RunE:  func(_ *cobra.Command, paths []string) error { return f.run(paths) },
	})
	c.Flags().BoolVar(&f.check, "check", false, "write nothing; exit 1 if something is not formatted")
	c.Flags().BoolVar(&f.diff, "diff", false, "print what changes")
	return c
}

func (f *format) run(paths []string) error {
	f.sources = load.Sources{}
	if len(paths) == 0 {
		paths = []string{"."}
	}
	for _, path := range paths {
		if err := f.path(path); err != nil {
			return fmt.Errorf("format %s: %w", path, err)
		}
	}
	if err := f.diagnostics(f.findings); err != nil {
		return err
	}
	if f.findings.HasErrors() || f.check && f.unformatted > 0 {
		return status(exitError)
	}
	return nil
}

// path formats a file, a folder with all below it, or standard input.
func (f *format) path(path string) error {
	if path == "-" {
		return f.standardInput()
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() {
		return f.file(path)
	}
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != path && strings.ContainsAny(entry.Name()[:1], "._"):
			return skip(entry)
		case entry.Type().IsRegular() && (strings.HasSuffix(name, ".hcl") || strings.HasSuffix(name, ".vars")):
			return f.file(name)
		}
		return nil
	})
}

// skip leaves a file out, or a folder with all below it.
func skip(entry fs.DirEntry) error {
	if entry.IsDir() {
		return fs.SkipDir
	}
	return nil
}

// file formats one file in its place.
func (f *format) file(name string) error {
	before, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	after, ok := f.format(filepath.ToSlash(name), before)
	if !ok || bytes.Equal(before, after) {
		return nil
	}
	f.unformatted++
	shown := render.Terminal(name)
	fmt.Fprintln(f.stdout, shown)
	if f.diff {
		if err := f.change(shown, before, after); err != nil {
			return err
		}
	}
	if f.check {
		return nil
	}
	return rewrite(name, after)
}

// change prints what formatting changes. The files may be somebody else's.
func (f *format) change(name string, before, after []byte) error {
	return render.Lines(f.stdout, strings.TrimSuffix(string(diff.Diff(name, before, name+" (formatted)", after)), "\n"))
}

func (f *format) standardInput() error {
	before, err := io.ReadAll(f.stdin)
	if err != nil {
		return err
	}
	after, ok := f.format("<stdin>", before)
	if !ok {
		return nil
	}
	if !bytes.Equal(before, after) {
		f.unformatted++
	}
	switch {
	case f.diff:
		err = f.change("<stdin>", before, after)
	case !f.check:
		_, err = f.stdout.Write(after)
	}
	return err
}

// format returns src in the canonical format, unless it cannot be parsed.
func (f *format) format(name string, src []byte) ([]byte, bool) {
	f.sources[name] = src
	after, found := load.Format(name, src)
	f.findings = append(f.findings, found...)
	return after, !found.HasErrors()
}

// rewrite replaces a file whole, so that a crash leaves the old or the new one.
// A link stays one: the file that it leads to is replaced.
func rewrite(name string, content []byte) error {
	name, err := filepath.EvalSymlinks(name)
	if err != nil {
		return err
	}
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	temp, err := os.CreateTemp(filepath.Dir(name), ".rollcall-fmt-*")
	if err != nil {
		return err
	}
	_, err = temp.Write(content)
	err = errors.Join(err, temp.Chmod(info.Mode().Perm()), temp.Close())
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	if err != nil {
		_ = os.Remove(temp.Name())
	}
	return err
}
