package render

import "time"

// Style says how text looks. The zero value is plain text, 80 columns wide.
type Style struct {
	// Color paints with ANSI sequences. Symbols carry the meaning without it.
	Color bool
	// Columns is the width that prose is wrapped at; zero means 80.
	Columns int
	// Now is the moment that ages are told from; zero shows times instead.
	Now time.Time
}

// columns returns the width of a line, never less than what a box needs.
func (s Style) columns() int {
	if s.Columns == 0 {
		return 80
	}
	return max(s.Columns, 40)
}

// colour is the parameter of an ANSI "select graphic rendition" sequence.
type colour string

const (
	bold   colour = "1"
	faint  colour = "2"
	under  colour = "4"
	red    colour = "31"
	green  colour = "32"
	yellow colour = "33"
	cyan   colour = "36"
)

// paint gives text the colour where the style has colours at all.
func (s Style) paint(c colour, text string) string {
	if !s.Color || c == "" || text == "" {
		return text
	}
	return "\x1b[" + string(c) + "m" + text + "\x1b[0m"
}
