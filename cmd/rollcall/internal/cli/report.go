package cli

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/run"
	"github.com/rollcall-dev/rollcall/planner"
	"github.com/rollcall-dev/rollcall/providers"
	"github.com/rollcall-dev/rollcall/schema"
)

// stream begins the JSON lines of -json, where it was given. From here on
// everything that is to be said goes there, errors too.
func (a *app) stream(asJSON bool) {
	if asJSON {
		a.events = render.NewEvents(a.stdout, a.now)
		a.events.Version(buildVersion().Version)
	}
}

// report says why a command failed: as a finding, with its code, its place and
// what to do. One that has none of these is said in a line.
func (a *app) report(err error) {
	if found := (*run.FindingsError)(nil); errors.As(err, &found) {
		_ = a.diagnostics(found.Findings)
		return
	}
	if usage := (*usageError)(nil); a.events == nil && errors.As(err, &usage) {
		fmt.Fprintf(a.stderr, "Error: %s\n\n%s\n", render.Prose(usage.err.Error()), usage.help())
		return
	}
	d := run.Diagnose(err)
	if a.events == nil && d.Code == "" && !d.Origin.Known() {
		fmt.Fprintln(a.stderr, "Error:", render.Prose(err.Error()))
		return
	}
	_ = a.diagnostics(schema.Diagnostics{d})
}

// say tells a person something that a program knows from the stream of -json.
func (a *app) say(text string) {
	if a.events == nil {
		fmt.Fprintln(a.stderr, text)
	}
}

// diagnostics writes findings with the lines that they are about: to standard
// error, or into the stream of -json.
func (a *app) diagnostics(all schema.Diagnostics) error {
	if a.events != nil {
		a.events.Diagnostics(all, a.sources)
		return a.events.Err()
	}
	return render.Diagnostics(a.stderr, all, a.sources, a.style(a.stderr))
}

// open opens the project of the current folder. Findings that are errors are
// reported and end the command.
func (a *app) open(o run.Options) (*run.Project, error) {
	p, err := run.Open(o)
	if err != nil {
		return nil, err
	}
	if err := a.usable(p); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// usable reports findings that are errors, which end the command.
func (a *app) usable(p *run.Project) error {
	a.sources = p.Sources
	if !p.Findings.HasErrors() {
		return nil
	}
	if err := a.diagnostics(p.Findings); err != nil {
		return err
	}
	return status(exitError)
}

// showPlan prints a plan, for people or into the stream of -json.
func (a *app) showPlan(p *planner.Plan) error {
	if a.events != nil {
		a.events.Plan(p)
		return a.events.Err()
	}
	return render.Plan(a.stdout, p, a.sources, a.style(a.stdout))
}

// showDrift prints what was changed outside, and what blocks its repair.
func (a *app) showDrift(p *planner.Plan) error {
	if a.events != nil {
		a.events.Drift(p)
		return a.events.Err()
	}
	return render.Drift(a.stdout, p, a.sources, a.style(a.stdout))
}

// progress returns who watches an apply, and what to call at its end: a bar on
// a terminal, lines elsewhere and in CI, events with -json.
func (a *app) progress() (watch func(providers.Event), end func() error) {
	if a.events != nil {
		return a.events.Event, a.events.Err
	}
	if _, terminal := terminalWidth(a.stderr); !terminal || a.present("CI") || a.dumb() {
		return render.ApplyLines(a.stderr, a.style(a.stderr)), func() error { return nil }
	}
	bar := render.NewBar(a.stderr, a.style(a.stderr), a.now)
	return bar.Event, bar.Close
}

// readingEvery is how often the progress of reads is drawn at most.
const readingEvery = 100 * time.Millisecond

// readingProgress returns who shows on a terminal how far reads are; nil elsewhere.
// The line is drawn over and over, and taken away with the last of a list.
func (a *app) readingProgress() func(schema.Address, string, int, int) {
	columns, terminal := terminalWidth(a.stderr)
	if !terminal || a.events != nil || a.present("CI") || a.dumb() {
		return nil
	}
	var mu sync.Mutex
	drawn, shown := a.now(), false
	return func(target schema.Address, what string, done, total int) {
		mu.Lock()
		defer mu.Unlock()
		switch now := a.now(); {
		case done >= total && shown:
			fmt.Fprint(a.stderr, "\r\x1b[K")
			shown = false
		case done < total && now.Sub(drawn) >= readingEvery:
			drawn, shown = now, true
			line := fmt.Sprintf("Reading %s: %d of %d %s", render.Terminal(string(target)), done, total, what)
			fmt.Fprint(a.stderr, "\r\x1b[K"+line[:min(len(line), columns-1)])
		}
	}
}

// showResult says what became of a plan, and where it stands in the audit log.
func (a *app) showResult(got *run.Applied) error {
	if a.events != nil {
		toStream := (*render.Events).Result
		if got.Unsaved {
			toStream = (*render.Events).Unsaved
		}
		toStream(a.events, got.Plan, got.Result, got.ID)
		return a.events.Err()
	}
	var err error
	if got.Unsaved {
		err = render.ApplyUnsaved(a.stdout, got.Plan, got.Result, a.style(a.stdout))
	} else {
		err = render.ApplyResult(a.stdout, got.Plan, got.Result, got.Undoes, a.style(a.stdout))
	}
	if err == nil && got.ID != "" {
		a.say("In the audit log: rollcall log -apply=" + got.ID) // each run has another
	}
	return err
}
