package cli

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/rollcall-dev/rollcall/cmd/rollcall/internal/render"
)

// style says how text looks on w: colour on a terminal alone, unless -no-color,
// NO_COLOR or TERM=dumb say otherwise, and as wide as the terminal is.
func (a *app) style(w io.Writer) render.Style {
	s := render.Style{Now: a.now()}
	columns, ok := terminalWidth(w)
	if !ok {
		return s
	}
	s.Columns = min(columns, maxColumns)
	s.Color = !a.noColor && !a.present("NO_COLOR") && !a.dumb()
	return s
}

// maxColumns is how wide prose may be and still be read.
const maxColumns = 120

// usualColumns is the width of a terminal that does not tell its own.
const usualColumns = 80

// terminalWidth returns the columns of w, if it is a terminal.
func terminalWidth(w io.Writer) (int, bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 {
		columns = usualColumns
	}
	return columns, true
}

// present reports whether an environment variable is set to anything.
func (p *process) present(name string) bool {
	value, _ := p.lookup(name)
	return value != ""
}

func (p *process) dumb() bool {
	value, _ := p.lookup("TERM")
	return value == "dumb"
}
