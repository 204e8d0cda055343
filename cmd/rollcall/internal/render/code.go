package render

import (
	"io"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// Code writes what one kind of finding means, with its examples.
func Code(w io.Writer, d schema.CodeDoc, s Style) error {
	p := newPage(w, s)
	name, c := severityText(d.Severity)
	p.line(s.paint(bold, string(d.Code)), " (", s.paint(c, strings.ToLower(name)), ")")
	p.line()
	p.wrapped("", "", d.Title+".")
	p.line()
	p.wrapped("", "", d.Text)
	p.example("Instead of:", d.Bad)
	if d.Bad == "" {
		p.example("For example:", d.Good)
	} else {
		p.example("Write:", d.Good)
	}
	return p.end()
}

// Codes writes the list of all kinds of findings, one a line.
func Codes(w io.Writer, all []schema.CodeDoc, s Style) error {
	p := newPage(w, s)
	code := 0
	for i := range all {
		code = max(code, len(all[i].Code))
	}
	for i := range all {
		name, c := severityText(all[i].Severity)
		head := "  " + pad(string(all[i].Code), code) + "  "
		p.line(head, s.paint(c, strings.ToLower(name)))
		p.wrapped("      ", "      ", all[i].Title)
	}
	return p.end()
}

// example writes configuration, indented.
func (p *page) example(title, text string) {
	if text == "" {
		return
	}
	p.line()
	p.line(title)
	p.line()
	for line := range strings.SplitSeq(text, "\n") {
		p.line(strings.TrimRight("    "+line, " "))
	}
}
