package cli

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/planner"
)

// accessFormats are the values of -format.
var accessFormats = map[string]func(io.Writer, []planner.AccessEntry, render.Style) error{
	"text":     render.Access,
	"json":     func(w io.Writer, e []planner.AccessEntry, _ render.Style) error { return render.AccessJSON(w, e) },
	"csv":      func(w io.Writer, e []planner.AccessEntry, _ render.Style) error { return render.AccessCSV(w, e) },
	"markdown": func(w io.Writer, e []planner.AccessEntry, _ render.Style) error { return render.AccessMarkdown(w, e) },
}

func newAccess(a *app) *cobra.Command {
	var load loadFlags
	var filter planner.AccessFilter
	var asOf, at, format string
	var asJSON bool
	c := manual{
		about: "Reads the configuration and its directories, and lists who has which app and is in\n" +
			"which pushed group, and how. With -at it reads them from git's objects, as they are\n" +
			"at a revision; nothing is checked out. Opens no socket, needs no credential and no\n" +
			"sensitive variable, writes nothing.",
		example: "rollcall access -app=vpn -format=csv\nrollcall access -at=HEAD~5",
	}.describe(&cobra.Command{
		Use: "access", Short: "List who has access to what", Args: noArguments,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				format = "json"
			}
			write := accessFormats[format]
			if write == nil {
				return &usageError{fmt.Errorf("the format is one of %s, not %q", formatNames(), format), c}
			}
			o, err := a.optionsAt(load, at)
			if err != nil {
				return err
			}
			if o.AsOf, err = moment(asOf); err != nil {
				return err
			}
			p, err := a.open(o)
			if err != nil {
				return err
			}
			defer p.Close()
			if err := filter.Check(p.Desired); err != nil {
				return err
			}
			return write(a.stdout, planner.Access(p.Desired, filter), a.style(a.stdout))
		},
	})
	load.add(c)
	c.Flags().StringVar(&filter.Who, "who", "", "limit to `PERSON`: a login, address or display name")
	c.Flags().StringVar(&filter.App, "app", "", "limit to `APP`: its name or address")
	c.Flags().StringVar(&filter.Group, "group", "", "limit to `GROUP`: its name or address")
	addAt(c, &at)
	c.Flags().StringVar(&asOf, "as-of", "", "at `TIME` (RFC 3339) instead of now")
	c.Flags().StringVar(&format, "format", "text", "`FORMAT`: "+formatNames())
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, as -format=json does")
	return c
}

func formatNames() string { return strings.Join(slices.Sorted(maps.Keys(accessFormats)), ", ") }
