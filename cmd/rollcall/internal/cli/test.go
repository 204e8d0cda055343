package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/schema"
)

// testFlags are those of test.
type testFlags struct {
	loadFlags
	filter        []string
	asOf, junit   string
	json, verbose bool
}

func newTest(a *app) *cobra.Command {
	var f testFlags
	c := manual{
		about: "Carries out the runs of every *.test.hcl in the folder and below it, or of the files and\n" +
			"folders PATH: each lays what it is given over the facts, works out what follows, and\n" +
			"checks its assertions and all policies. Opens no socket, needs no credential and no\n" +
			"sensitive variable, and writes nothing but the file that -junit-xml names.",
		example: "rollcall test\nrollcall test access.test.hcl -filter=leaver -junit-xml=tests.xml",
		exits:   "0 every run passed, or there is none; 1 a run failed, or could not be carried out.",
	}.describe(&cobra.Command{
		Use: "test [PATH...]", Short: "Run the tests of the configuration",
		RunE: func(c *cobra.Command, paths []string) error { return a.test(c.Context(), f, paths) },
	})
	f.add(c)
	c.Flags().StringArrayVar(&f.filter, "filter", nil, "only the runs called `NAME`; may be repeated")
	c.Flags().StringVar(&f.asOf, "as-of", "", "at `TIME` (RFC 3339) instead of now, where a run gives none")
	c.Flags().StringVar(&f.junit, "junit-xml", "", "also write the results to `FILE`, as JUnit XML")
	c.Flags().BoolVar(&f.json, "json", false, "print events, one JSON object a line")
	c.Flags().BoolVar(&f.verbose, "verbose", false, "show what each run would change")
	return c
}

func (a *app) test(ctx context.Context, f testFlags, paths []string) error {
	a.stream(f.json)
	o, err := a.options(f.loadFlags)
	if err != nil {
		return err
	}
	if o.AsOf, err = moment(f.asOf); err != nil {
		return err
	}
	o.Expressions, o.Load.NoSecrets = true, true
	p, err := a.open(o)
	if err != nil {
		return err
	}
	defer p.Close()
	files, err := selectTests(p.Expressions.Tests(), paths, f.filter)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		a.say("There are no tests: no file here or below has a name that ends with .test.hcl.")
	}
	var n render.TestCount
	var junit render.JUnit
	err = p.Test(ctx, files, func(t *run.Tested) error {
		n.Add(t.Outcomes, t.File.Findings)
		return errors.Join(junit.Add(t.File, t.Outcomes, a.sources), a.showTested(t, f.verbose))
	})
	if err != nil {
		return err
	}
	return a.tested(n, &junit, f)
}

// showTested prints what became of one file.
func (a *app) showTested(t *run.Tested, verbose bool) error {
	if a.events != nil {
		a.events.TestFile(t.File, t.Outcomes, a.sources)
		return a.events.Err()
	}
	return render.TestFile(a.stdout, t.File, t.Outcomes, verbose, a.sources, a.style(a.stdout))
}

// tested says how all of it ended.
func (a *app) tested(n render.TestCount, junit *render.JUnit, f testFlags) error {
	if f.junit != "" {
		if err := saveFile("the results", f.junit, junit.Write); err != nil {
			return err
		}
	}
	var err error
	if a.events != nil {
		a.events.TestSummary(n)
		err = a.events.Err()
	} else {
		err = render.TestSummary(a.stdout, n, a.style(a.stdout))
	}
	if err == nil && !n.OK() {
		return status(exitError)
	}
	return err
}

// selectTests keeps the files at or below paths, and of them the runs called by
// one of names. A path or name that selects nothing is an error: a test that is
// not run must not look as if it had passed.
func selectTests(files []schema.TestFile, paths, names []string) ([]schema.TestFile, error) {
	for _, path := range paths {
		if !slices.ContainsFunc(files, func(f schema.TestFile) bool { return below(f.Name, path) }) {
			return nil, noTests(path)
		}
	}
	if len(paths) > 0 {
		files = slices.DeleteFunc(files, func(f schema.TestFile) bool {
			return !slices.ContainsFunc(paths, func(p string) bool { return below(f.Name, p) })
		})
	}
	if len(names) == 0 {
		return files, nil
	}
	var known []string
	for i := range files {
		for _, r := range files[i].Runs {
			known = append(known, r.Name)
		}
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return nil, fmt.Errorf("select the run %q: no test has that name%s", name, didYouMean(name, known, ""))
		}
	}
	for i := range files {
		files[i].Runs = slices.DeleteFunc(files[i].Runs, func(r schema.Run) bool { return !slices.Contains(names, r.Name) })
	}
	return slices.DeleteFunc(files, func(f schema.TestFile) bool { return len(f.Runs) == 0 && !f.Findings.HasErrors() }), nil
}

// below reports whether a file of the configuration is at path or below it.
func below(file, path string) bool {
	path = filepath.ToSlash(filepath.Clean(path))
	return path == "." || file == path || strings.HasPrefix(file, path+"/")
}

func noTests(path string) error {
	if _, err := os.Stat(path); err != nil {
		return fmt.Errorf("find the tests in %s: %w", path, err)
	}
	return fmt.Errorf("find the tests in %s: it is no file of tests in this configuration (*.test.hcl), and no folder with one", path)
}
