package render

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/apparentlymart/go-textseg/v15/textseg"

	"github.com/rollcall-dev/rollcall/schema"
)

// snippet is one line of source with a range in it.
type snippet struct {
	// context is the head of the block around the line: `push_group "x"`.
	context string
	// code is the line as it stands; lineStart is where it begins in its file.
	code      string
	lineStart int
	// from and to are the range's bytes in code.
	from, to int
}

// readSnippet finds the first line that d is about. It reports false where the
// source is not at hand or does not have that line any more.
func readSnippet(d *schema.Diagnostic, src map[string][]byte) (snippet, bool) {
	o := d.Origin
	content, ok := src[o.File]
	if !ok || o.Line == 0 {
		return snippet{}, false
	}
	line, start, ok := lineAt(content, o.Line)
	if !ok {
		return snippet{}, false
	}
	s := snippet{context: blockAround(content[:start], line), code: string(line), lineStart: start, to: len(line)}
	s.from = byteOf(line, o.Column)
	if o.EndLine <= o.Line && o.EndColumn > 0 {
		s.to = max(s.from, byteOf(line, o.EndColumn))
	}
	if d.Secret {
		const masked = "(redacted)"
		s.code, s.to = s.code[:s.from]+masked+s.code[s.to:], s.from+len(masked)
	}
	return s, true
}

// byteOf returns the offset of a column, which counts grapheme clusters from
// one, as HCL does. A column beyond the line is its end.
func byteOf(line []byte, column uint32) int {
	at := 0
	for n := uint32(1); n < column && at < len(line); n++ {
		size, _, err := textseg.ScanGraphemeClusters(line[at:], true)
		if err != nil || size == 0 {
			break
		}
		at += size
	}
	return at
}

// blockHead is the first line of a block at the left margin.
var blockHead = regexp.MustCompile(`^([A-Za-z_][\w-]*(?:[ \t]+(?:"(?:[^"\\]|\\.)*"|[A-Za-z_][\w-]*))*)[ \t]*\{`)

// blockAround returns the head of the top-level block that line stands in:
// before is everything above it. It goes by the canonical layout, where only
// top-level blocks begin and end at the left margin.
func blockAround(before, line []byte) string {
	if m := blockHead.FindSubmatch(line); m != nil {
		return string(m[1])
	}
	for len(before) > 0 {
		before = bytes.TrimSuffix(before, []byte("\n"))
		at := bytes.LastIndexByte(before, '\n') + 1
		if m := blockHead.FindSubmatch(before[at:]); m != nil {
			return string(m[1])
		}
		if bytes.HasPrefix(before[at:], []byte("}")) {
			return ""
		}
		before = before[:at]
	}
	return ""
}

// window returns the line in three parts, ready to print: before the range,
// the range, after it. A line longer than room columns is cut around the range.
func (s snippet) window(room int) (before, marked, after string) {
	before, marked, after = source(s.code[:s.from]), source(s.code[s.from:s.to]), source(s.code[s.to:])
	before = "  " + strings.TrimLeft(before, " ")
	if cells(before)+cells(marked)+cells(after) <= room {
		return before, marked, after
	}
	if keep := max(room-cells(marked)-1, room/3); cells(before) > keep {
		before = "…" + tail(before, keep-1)
	}
	left := room - cells(before)
	if cells(marked) > left {
		return before, head(marked, left-1) + "…", ""
	}
	left -= cells(marked)
	if cells(after) > left {
		after = head(after, left-1)
		if left > 0 {
			after += "…"
		}
	}
	return before, marked, after
}

// source makes a part of a source line printable. Unlike a name it keeps its
// backslashes, and tabs become blanks.
func source(part string) string { return Prose(strings.ReplaceAll(part, "\t", "  ")) }

// head returns the beginning of text that takes at most n columns.
func head(text string, n int) string {
	if n <= 0 {
		return ""
	}
	if c := cut(text, n); cells(c) <= n {
		return c
	}
	return ""
}

// tail returns the end of text that takes at most n columns.
func tail(text string, n int) string {
	over := cells(text) - n
	for i, r := range text {
		if over <= 0 {
			return text[i:]
		}
		over -= cells(string(r))
	}
	return ""
}
