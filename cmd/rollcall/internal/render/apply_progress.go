package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rollcall-dev/rollcall/providers"
)

// ApplyLines returns a watcher of an apply that writes one line for each
// event, as they come: for CI, pipes and files.
func ApplyLines(w io.Writer, s Style) func(providers.Event) {
	return func(e providers.Event) {
		p := newPage(w, s)
		p.event(&e)
		// A log that cannot be written must not stop an apply half way.
		_ = p.end()
	}
}

// event writes an event as a line, problems in colour.
func (p *page) event(e *providers.Event) {
	text := eventText(e)
	switch e.Type {
	case providers.EventErrored, providers.EventQuarantined:
		text = p.style.paint(red, text)
	case providers.EventRetry:
		text = p.style.paint(yellow, text)
	}
	p.line(text)
	for _, r := range e.Rejected {
		p.line("  ", Terminal(r.Member.Name), ": ", Prose(r.Detail))
	}
}

const (
	// redrawEvery bounds how often the bar is drawn.
	redrawEvery = 100 * time.Millisecond
	// quietAbove is the number of changes above which the bar stands alone and
	// only problems get lines.
	quietAbove = 50
)

// Bar shows an apply on a terminal: lines for what happens and below them one
// line with a bar, the rate and the time left. It is for one goroutine at a time.
type Bar struct {
	w     *bufio.Writer
	style Style
	now   func() time.Time
	began time.Time
	drawn time.Time
	shown bool
	done  int
}

// NewBar returns a bar on the terminal w. now is the clock.
func NewBar(w io.Writer, s Style, now func() time.Time) *Bar {
	return &Bar{w: bufio.NewWriter(w), style: s, now: now, began: now()}
}

// Event takes one event of the apply.
func (b *Bar) Event(e providers.Event) {
	b.done = max(b.done, e.Done)
	if b.tells(&e) {
		b.clear()
		p := page{w: b.w, style: b.style}
		p.event(&e)
	}
	if now := b.now(); now.Sub(b.drawn) >= redrawEvery {
		b.drawn = now
		b.draw(e.Total, now.Sub(b.began))
	}
	_ = b.w.Flush() // the terminal is gone; the apply is not
}

// tells reports whether e gets a line of its own.
func (b *Bar) tells(e *providers.Event) bool {
	switch e.Type {
	case providers.EventErrored, providers.EventQuarantined, providers.EventRetry:
		return true
	case providers.EventComplete:
		return e.Total <= quietAbove
	}
	return false
}

// Close takes the bar away.
func (b *Bar) Close() error {
	b.clear()
	return b.w.Flush()
}

// clear empties the bar's line.
func (b *Bar) clear() {
	if b.shown {
		_, _ = b.w.WriteString("\r\x1b[K")
		b.shown = false
	}
}

const barCells = 30

// draw writes the bar, shorter than the line so that it never wraps.
func (b *Bar) draw(total int, elapsed time.Duration) {
	if total == 0 {
		return
	}
	full := barCells * min(b.done, total) / total
	text := fmt.Sprintf("[%s%s] %d/%d", strings.Repeat("=", full), strings.Repeat(" ", barCells-full), b.done, total)
	if s := elapsed.Seconds(); s > 0 && b.done > 0 {
		text += fmt.Sprintf("  %.1f/s", float64(b.done)/s)
	}
	if left, ok := timeLeft(b.done, total, elapsed); ok {
		text += "  " + durationText(left) + " left"
	}
	b.clear()
	_, _ = b.w.WriteString(head(text, b.style.columns()-1))
	b.shown = true
}
