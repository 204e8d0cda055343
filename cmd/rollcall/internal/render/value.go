package render

import (
	"encoding/json"
	"io"
	"strings"
)

// Lines writes text that somebody wrote, such as lines of a file or a value in
// HCL, with what hides in it shown.
func Lines(w io.Writer, text string) error {
	p := newPage(w, Style{})
	for line := range strings.SplitSeq(text, "\n") {
		p.line(Prose(line))
	}
	return p.end()
}

// ValueJSON writes the value of an expression as one line of JSON.
func ValueJSON(w io.Writer, v any) error {
	encoded, err := json.Marshal(v)
	if err != nil {
		return err
	}
	p := newPage(w, Style{})
	p.line(string(jsonLine(encoded)))
	return p.end()
}
