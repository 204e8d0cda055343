package render

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/rollcall-dev/rollcall/schema"
)

// Diagnostics writes each finding as a box: severity, summary and code, the
// source line with its range underlined, the advice, and related places. src
// holds the files of the configuration by the names that origins have; without
// a file the place is named and no line shown.
func Diagnostics(w io.Writer, all schema.Diagnostics, src map[string][]byte, s Style) error {
	p := newPage(w, s)
	for i := range all {
		p.diagnostic(&all[i], src)
	}
	return p.end()
}

// severityText returns how a severity is called, and its colour.
func severityText(s schema.Severity) (string, colour) {
	switch s {
	case schema.Error:
		return "Error", red
	case schema.Guarded:
		return "Guard", red
	case schema.Warning:
		return "Warning", yellow
	}
	return "Info", cyan
}

// box writes lines behind a left rule.
type box struct {
	*page
	rule string
}

// row writes one line of the box.
func (b *box) row(parts ...string) {
	text := strings.Join(parts, "")
	if text == "" {
		b.line(b.rule)
		return
	}
	b.line(b.rule, " ", text)
}

// say wraps text into rows, with first before the first and rest before the
// others. The rule is counted by its width, not by the bytes of its colour.
func (b *box) say(first, rest, text string) {
	for i, line := range wrap(text, b.style.columns()-2-cells(rest)) {
		if i == 0 {
			b.row(first, line)
		} else {
			b.row(rest, line)
		}
	}
}

// prose writes a paragraph of the box. Lines that begin with a blank were laid
// out by their author and stay as they are.
func (b *box) Prose(text string) {
	for para := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		switch {
		case strings.TrimSpace(para) == "":
			b.row()
		case para[0] == ' ' || para[0] == '\t':
			b.row(Prose(strings.ReplaceAll(para, "\t", "    ")))
		default:
			b.say("", "", Prose(para))
		}
	}
}

// diagnostic writes one finding.
func (p *page) diagnostic(d *schema.Diagnostic, src map[string][]byte) {
	name, c := severityText(d.Severity)
	b := box{p, p.style.paint(c, "│")}
	p.line()
	p.line(p.style.paint(c, "╷"))
	b.headline(name, c, d)
	b.source(d, src)
	b.values(d.Values)
	if d.Detail != "" {
		b.row()
		b.Prose(d.Detail)
	}
	if d.Suggestion != "" && !strings.Contains(d.Detail, "Did you mean") {
		b.row()
		b.say("", "", "Did you mean "+Terminal(d.Suggestion)+"?")
	}
	b.related(d.Related)
	p.line(p.style.paint(c, "╵"))
}

// headline writes severity and summary, and the code at the right end where
// there is room for it.
func (b *box) headline(name string, c colour, d *schema.Diagnostic) {
	code := "[" + string(d.Code) + "]"
	if d.Code == "" {
		code = ""
	}
	plain := name + ": " + Prose(d.Summary)
	room := b.style.columns() - 2
	gap := room - cells(plain) - len(code)
	if gap >= 2 || code == "" {
		b.row(strings.TrimRight(b.painted(name, c, plain)+strings.Repeat(" ", max(gap, 0))+code, " "))
		return
	}
	for i, s := range wrap(plain+" "+code, room) {
		if i == 0 {
			s = b.painted(name, c, s)
		}
		b.row(s)
	}
}

// painted colours the severity at the beginning of line.
func (b *box) painted(name string, c colour, line string) string {
	rest, ok := strings.CutPrefix(line, name+":")
	if !ok {
		return line
	}
	return b.style.paint(c, name+":") + b.style.paint(bold, rest)
}

// source writes where the finding is, and the line that it is about.
func (b *box) source(d *schema.Diagnostic, src map[string][]byte) {
	o := d.Origin
	if !o.Known() {
		if d.Object != "" {
			b.row()
			b.say("  ", "  ", "about "+Terminal(d.Object)+inApp(d))
		}
		return
	}
	b.row()
	s, ok := readSnippet(d, src)
	where := "on " + Terminal(o.File)
	if o.Line > 0 {
		where += fmt.Sprintf(" line %d", o.Line)
	}
	if s.context != "" {
		where += ", in " + Prose(s.context)
	}
	if !ok {
		b.say("  ", "  ", where)
		return
	}
	b.say("  ", "  ", where+":")
	b.excerpt(o.Line, s)
}

// values writes what the parts of a condition are that does not hold, as
// Terraform does.
func (b *box) values(all []schema.Stated) {
	if len(all) == 0 {
		return
	}
	b.row("    ", b.style.paint(faint, "├────────────────"))
	for _, v := range all {
		b.say("    │ ", "    │   ", Prose(v.Expression)+" "+Prose(v.Statement))
	}
}

// inApp returns " in app.NAME", or nothing where the object says so already.
func inApp(d *schema.Diagnostic) string {
	if d.App == "" || d.Object == "app."+d.App {
		return ""
	}
	return " in " + Terminal("app."+d.App)
}

// excerpt writes the source line and marks the range under it.
func (b *box) excerpt(number uint32, s snippet) {
	head := fmt.Sprintf("  %d: ", number)
	before, marked, after := s.window(b.style.columns() - 2 - len(head))
	b.row(head, before, b.style.paint(under, marked), after)
	b.row(strings.Repeat(" ", len(head)+cells(before)), strings.Repeat("^", max(cells(marked), 1)))
}

// related writes the other places that matter.
func (b *box) related(all []schema.Related) {
	if len(all) == 0 {
		return
	}
	b.row()
	for i := range all {
		text := Prose(all[i].Message)
		if o := all[i].Origin; o.Known() {
			text = spot(o) + ": " + text
		}
		b.say("  ", "    ", text)
	}
}

// lineAt returns line number n of content, counted from one, without its end,
// and where it starts.
func lineAt(content []byte, n uint32) (line []byte, start int, ok bool) {
	for i := uint32(1); n > 0; i++ {
		end := bytes.IndexByte(content[start:], '\n')
		last := end < 0
		if last {
			end = len(content) - start
		}
		if i == n {
			return bytes.TrimSuffix(content[start:start+end], []byte("\r")), start, true
		}
		if last {
			return nil, 0, false
		}
		start += end + 1
	}
	return nil, 0, false
}
