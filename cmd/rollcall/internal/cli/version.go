package cli

import (
	"encoding/json"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is what the build was given with -ldflags -X; empty without.
var version string

// versionInfo is what `version -json` prints.
type versionInfo struct {
	Version  string `json:"version"`
	Platform string `json:"platform"`
	Go       string `json:"go"`
	Revision string `json:"revision"`
}

func newVersion(a *app) *cobra.Command {
	var asJSON bool
	c := manual{
		about:   "Reads nothing but the program itself.",
		example: "rollcall version -json",
	}.describe(&cobra.Command{
		Use:   "version",
		Short: "Print the version of rollcall",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return a.showVersion(asJSON) },
	})
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

func (a *app) showVersion(asJSON bool) error {
	v := buildVersion()
	if asJSON {
		return a.printJSON(v)
	}
	fmt.Fprintf(a.stdout, "rollcall %s\non %s, built with %s\n", v.Version, v.Platform, v.Go)
	return nil
}

// buildVersion asks the binary what it was built from.
func buildVersion() versionInfo {
	v := versionInfo{Version: "devel", Platform: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	switch m := info.Main.Version; {
	case version != "":
		v.Version = version
	case m != "" && m != "(devel)":
		v.Version = m
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			v.Revision = s.Value
		}
	}
	return v
}

// printJSON writes v as one indented document.
func (a *app) printJSON(v any) error {
	e := json.NewEncoder(a.stdout)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

// noArguments refuses every positional argument.
func noArguments(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &usageError{fmt.Errorf("unexpected argument %q", args[0]), c}
}
