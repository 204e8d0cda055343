package render

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// MarkdownLimit is how many characters of Markdown a comment may have: forges
// refuse longer ones (GitHub 65,536), and a program around it needs some room.
const MarkdownLimit = 60_000

// SummaryLimit is how many bytes of Markdown a step summary may have: GitHub
// refuses one of more than 1,024 KiB.
const SummaryLimit = 900 << 10

// document collects Markdown for a comment within a number of characters. What
// comes first is never cut: write in the order of what matters. As soon as a
// line does not fit, it and all that follow are left out, and the end says so.
//
// Text of ours goes in as it is; names and texts of others go through
// [briefCell] first, and outside of tables through [briefCode]: one long name
// would leave no room for what comes after it.
type document struct {
	text strings.Builder
	// left is how many characters may still be written, with what the end needs
	// already taken off.
	left int
	// columns is that of the table at hand; zero outside of one.
	columns int
	// open is how many folded parts are open.
	open int
	// full tells that something was left out, skipped counts the lines of it;
	// whole says where to read them.
	full    bool
	skipped int
	whole   string
	last    []string
	// size measures text: in characters, or in bytes.
	size func(string) int
}

const (
	foldEnd = "</details>"
	// cutNote says at the end what is missing.
	cutNote = "**Cut here**: %d more lines are not shown. %s"
)

// newDocument starts a document of at most limit characters. Whole is a
// sentence of ours that says where all of it can be read; last are lines of
// ours that end the document whatever is cut.
func newDocument(limit int, whole string, last ...string) *document {
	return newDocumentOf(utf8.RuneCountInString, limit, whole, last...)
}

// newDocumentOf starts a document whose limit is measured by size.
func newDocumentOf(size func(string) int, limit int, whole string, last ...string) *document {
	d := &document{left: limit, whole: whole, last: last, size: size}
	d.left -= size(fmt.Sprintf("\n"+cutNote+"\n", 1<<62, whole))
	if len(last) > 0 {
		d.left-- // the empty line above them
	}
	for _, line := range last {
		d.left -= size(line) + 1
	}
	return d
}

// line writes one line of the parts, which end no line.
func (d *document) line(parts ...string) {
	d.columns = 0
	text := strings.Join(parts, "")
	if !d.write(text) && text != "" {
		d.skipped++
	}
}

// write takes a line if it fits and nothing was left out before it. One empty
// line is as good as two.
func (d *document) write(line string) bool {
	if line == "" && strings.HasSuffix(d.text.String(), "\n\n") {
		return true
	}
	size := d.size(line) + 1
	if d.full = d.full || size > d.left; d.full {
		return false
	}
	d.left -= size
	d.text.WriteString(line)
	d.text.WriteByte('\n')
	return true
}

// table starts a table with those headers. Its rows follow at once.
func (d *document) table(headers ...string) {
	d.line()
	d.columns = len(headers)
	head, rule := tableRow(headers), strings.Repeat("|---", len(headers))+"|"
	// A header alone is no table: it goes in with its rule, or not at all.
	d.write(head + "\n" + rule)
}

// row writes one row of the table; a cell holds text of ours and names that
// went through [briefCell].
func (d *document) row(cells ...string) {
	if len(cells) != d.columns {
		panic(fmt.Sprintf("a row of %d cells in a table of %d columns", len(cells), d.columns))
	}
	if !d.write(tableRow(cells)) {
		d.skipped++
	}
}

func tableRow(cells []string) string {
	row := "|"
	for _, c := range cells {
		row += strings.TrimRight(" "+c, " ") + " |"
	}
	return row
}

// fold begins a part that is folded under a summary of ours, which is HTML.
// unfold ends it.
func (d *document) fold(summary string) {
	d.line()
	// What ends the part has to fit too.
	end := len(foldEnd) + 2
	d.left -= end
	if d.write("<details><summary>" + summary + "</summary>") {
		d.open++
	} else {
		d.left += end
	}
	d.line()
}

// unfold ends the part that was begun last.
func (d *document) unfold() {
	d.columns = 0
	if d.open > 0 {
		d.open--
		d.text.WriteString("\n" + foldEnd + "\n")
	}
}

// end writes the document.
func (d *document) end(w io.Writer) error {
	for d.open > 0 {
		d.unfold()
	}
	if d.full {
		fmt.Fprintf(&d.text, "\n"+cutNote+"\n", d.skipped, d.whole)
	}
	if len(d.last) > 0 {
		d.text.WriteByte('\n')
	}
	for _, line := range d.last {
		d.text.WriteString(line + "\n")
	}
	_, err := io.WriteString(w, unlogged(d.text.String()))
	return err
}

// code writes text as a block of code, which nothing in it can end. What does
// not fit is left out line by line.
func (d *document) code(text string) {
	fence := "```"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	end := len(fence) + 1
	d.left -= end
	if !d.write(fence + "text") {
		d.left += end
		d.skipped += len(lines)
		return
	}
	for _, line := range lines {
		// GitLab takes a slash at the start of a line for an order.
		if strings.HasPrefix(line, "/") {
			line = " " + line
		}
		d.line(line)
	}
	d.text.WriteString(fence + "\n")
}
