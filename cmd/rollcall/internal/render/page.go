package render

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// page collects lines. Its writer remembers the first error, so that only the
// end of a rendering has to ask for it.
type page struct {
	w     *bufio.Writer
	style Style
	// buf is the line that is being written.
	buf []byte
}

// newPage starts a page on w.
func newPage(w io.Writer, s Style) *page {
	return &page{w: bufio.NewWriterSize(w, 1<<15), style: s}
}

// end writes out what is left and returns the first error of the page.
func (p *page) end() error { return p.w.Flush() }

// line writes the parts and ends the line. Names are broken into lines, and
// stand next to words of ours; together they are no command to a CI either.
func (p *page) line(parts ...string) {
	p.buf = p.buf[:0]
	for _, s := range parts {
		p.buf = append(p.buf, s...)
	}
	if mayCommand(p.buf) {
		p.buf = []byte(unlogged(string(p.buf)))
	}
	_, _ = p.w.Write(append(p.buf, '\n'))
}

// command writes a line that is a command to a CI.
func (p *page) command(text string) {
	_, _ = p.w.WriteString(text + "\n")
}

// wrapped writes prose with first before the first line and rest before the others.
func (p *page) wrapped(first, rest, text string) {
	for i, s := range wrap(text, p.style.columns()-cells(rest)) {
		if i == 0 {
			p.line(first, s)
		} else {
			p.line(rest, s)
		}
	}
}

// lead writes a paragraph whose first words are painted.
func (p *page) lead(c colour, words, text string) {
	for i, s := range wrap(words+" "+text, p.style.columns()) {
		if rest, ok := strings.CutPrefix(s, words); ok && i == 0 {
			s = p.style.paint(c, words) + rest
		}
		p.line(s)
	}
}

// wrap breaks text at spaces into lines of at most n columns. A word is broken
// only where it is longer than a whole line.
func wrap(text string, n int) []string {
	var lines []string
	var line strings.Builder
	used := 0
	flush := func() { lines = append(lines, line.String()); line.Reset(); used = 0 }
	for _, word := range strings.Fields(text) {
		size := cells(word)
		if used > 0 && used+1+size > n {
			flush()
		}
		for size > n {
			head := cut(word, n)
			lines = append(lines, head)
			word, size = word[len(head):], size-cells(head)
		}
		if used > 0 {
			line.WriteByte(' ')
			used++
		}
		line.WriteString(word)
		used += size
	}
	if used > 0 {
		flush()
	}
	return lines
}

// cut returns the longest beginning of word that takes at most n columns, and
// at least one character of it.
func cut(word string, n int) string {
	used := 0
	for i, r := range word {
		used += cells(string(r))
		if used > n && i > 0 {
			return word[:i]
		}
	}
	return word
}

// count writes n with its noun: "1 request", "2 requests".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
