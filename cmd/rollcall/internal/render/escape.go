package render

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// maxMarks is how many combining marks in a row are shown as they are. No
// orthography needs more; towers of them reach into the lines above and below.
const maxMarks = 4

// Terminal returns name with everything that could act on a terminal, or be
// read as something else, shown as an escape: control and bidirectional
// characters, zero-width and other invisible ones, exotic spaces, unassigned
// and private-use characters and bytes that are no UTF-8. A backslash is
// doubled, so that different names never look the same.
//
// Nothing in it is a command to a CI that reads them off a log: see [unlogged].
func Terminal(name string) string { return visible(name, true) }

// quote returns name as [Terminal] does, in double quotes; quotes inside are escaped.
func quote(name string) string {
	return `"` + strings.ReplaceAll(Terminal(name), `"`, `\"`) + `"`
}

// Prose is [Terminal] for sentences of ours that may quote names: backslashes
// stay single, since what they escape has been escaped already.
func Prose(text string) string { return visible(text, false) }

// unlogged returns text, one line or several, with whatever a CI would take for
// a command in its log broken by an escape that JSON knows too. GitHub Actions
// takes a line that begins with :: behind spaces, and ##[ in the older form,
// and Azure Pipelines ##vso[ anywhere in a line.
func unlogged(text string) string {
	if !mayCommand(text) {
		return text
	}
	return logCommand.ReplaceAllStringFunc(text, func(found string) string {
		last := len(found) - 1
		return found[:last] + fmt.Sprintf(`\u%04x`, found[last])
	})
}

// mayCommand reports whether text has what commands begin with.
func mayCommand[T string | []byte](text T) bool {
	for i := 1; i < len(text); i++ {
		if c := text[i]; (c == ':' || c == '#') && c == text[i-1] {
			return true
		}
	}
	return false
}

// logCommand is where a command may begin.
var logCommand = regexp.MustCompile(`(?m)^ *::|##(?:vso)?\[`)

// visible shows hidden characters as escapes, and doubles backslashes on demand.
func visible(s string, doubled bool) string {
	if plainASCII(s, doubled) {
		return unlogged(s)
	}
	var b strings.Builder
	marks := maxMarks // a mark at the very start would sit on what stands before
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case r == '\\' && doubled:
			b.WriteString(`\\`)
		case hidden(r) || unicode.Is(unicode.M, r) && marks >= maxMarks:
			b.WriteString(escapeRune(r))
		default:
			b.WriteString(s[i : i+n])
		}
		if marks++; !unicode.Is(unicode.M, r) {
			marks = 0
		}
		i += n
	}
	return unlogged(b.String())
}

// plainASCII reports whether s can be shown as it is; it is the fast path of
// nearly every name.
func plainASCII(s string, doubled bool) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '\\' && doubled {
			return false
		}
	}
	return true
}

// hidden reports whether r would not be seen for what it is.
func hidden(r rune) bool {
	switch {
	case !unicode.IsPrint(r): // controls, formats (bidi, zero width), separators, private use
		return true
	case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
		return true
	case r == '\u2800': // BRAILLE PATTERN BLANK prints, but prints nothing
		return true
	}
	return false
}

// escapeRune writes r as Go, HCL and JSON know it.
func escapeRune(r rune) string {
	switch r {
	case '\n':
		return `\n`
	case '\r':
		return `\r`
	case '\t':
		return `\t`
	}
	if r > 0xffff {
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// markdownCell returns name as a code span for a cell of a Markdown table: it
// cannot end the cell, mention anyone, link, or become markup, because nothing
// inside a code span does.
func markdownCell(name string) string { return inCell(codeSpan(Terminal(name))) }

// briefLimit is how many characters of a name a comment shows. No login and no
// name that a target takes is longer.
const briefLimit = 300

// briefCell is [markdownCell] for text of a bounded length: what is longer ends
// with an ellipsis.
func briefCell(text string) string { return inCell(briefCode(text)) }

// briefCode is [briefCell] for a place outside of tables.
func briefCode(text string) string {
	text = Terminal(text)
	if runes := []rune(text); len(runes) > briefLimit {
		text = string(runes[:briefLimit-1]) + "…"
	}
	return codeSpan(text)
}

// inCell escapes what ends a cell even inside a code span (GFM 4.10).
func inCell(code string) string { return strings.ReplaceAll(code, "|", `\|`) }

// codeSpan is text as code, for anywhere in a line.
func codeSpan(text string) string {
	fence := "`"
	for strings.Contains(text, fence) {
		fence += "`"
	}
	if text == "" || text[0] == '`' || text[len(text)-1] == '`' || text[0] == ' ' {
		text = " " + text + " "
	}
	return fence + text + fence
}

// csvCell returns name for a CSV cell. Quoting is the encoder's; this keeps a
// spreadsheet from running the cell as a formula (OWASP, CSV injection).
func csvCell(name string) string {
	text := Terminal(name)
	if text != "" && strings.ContainsRune("=+-@", rune(text[0])) {
		return "'" + text
	}
	return text
}

// jsonLine escapes what JSON itself leaves alone: a reader may print a line of
// the stream to a terminal. The value stays the same, byte for byte.
func jsonLine(encoded []byte) []byte {
	if mayCommand(encoded) {
		encoded = []byte(unlogged(string(encoded)))
	}
	if plainASCII(string(encoded), false) {
		return encoded
	}
	out := make([]byte, 0, len(encoded)+16)
	for _, r := range string(encoded) {
		switch {
		case !hidden(r) || r == '\n':
			out = utf8.AppendRune(out, r)
		case r > 0xffff:
			hi, lo := surrogates(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
	}
	return out
}

// surrogates splits r as JSON's escapes need it (RFC 8259 section 7).
func surrogates(r rune) (hi, lo rune) {
	r -= 0x10000
	return 0xd800 + r>>10, 0xdc00 + r&0x3ff
}

// cells returns how many columns of a terminal text takes. Text has been
// through an escaper: what has no width has been made visible or is a mark.
func cells(text string) int {
	if plainASCII(text, false) {
		return len(text)
	}
	n := 0
	for _, r := range text {
		switch {
		case unicode.Is(unicode.M, r):
		case wide(r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// wide reports whether r takes two columns (UAX #11).
func wide(r rune) bool {
	if r < 0x1100 {
		return false
	}
	k := width.LookupRune(r).Kind()
	return k == width.EastAsianWide || k == width.EastAsianFullwidth
}

// pad fills text up to n columns.
func pad(text string, n int) string {
	if gap := n - cells(text); gap > 0 {
		return text + strings.Repeat(" ", gap)
	}
	return text
}
