package cli

import (
	"context"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/schema"
	"github.com/rollcall-dev/rollcall/schema/load"
)

// diagnostics writes findings to standard error, with the lines that they are about.
func (a *app) diagnostics(all schema.Diagnostics, sources load.Sources) error {
	return render.Diagnostics(a.stderr, all, sources, a.style(a.stderr))
}

// validateJSON writes the findings of a configuration as one document.
func (a *app) validateJSON(p *run.Project) error {
	if err := render.DiagnosticsJSON(a.stdout, p.Findings, p.Sources); err != nil {
		return err
	}
	if p.Findings.HasErrors() {
		return status(exitError)
	}
	return nil
}

// open opens the project of the current folder. Findings that are errors are
// reported and end the command.
func (a *app) open(ctx context.Context, o run.Options, asJSON bool) (*run.Project, error) {
	p, err := run.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if !p.Findings.HasErrors() {
		return p, nil
	}
	defer p.Close()
	if err := a.diagnostics(p.Findings, p.Sources); err != nil {
		return nil, err
	}
	return nil, status(exitError)
}
