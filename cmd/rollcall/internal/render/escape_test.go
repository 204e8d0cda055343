package render

import (
	"encoding/csv"
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestTerminalShowsWhatHides(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ in, want string }{
		"ordinary":           {"Alice Ng", "Alice Ng"},
		"letters anywhere":   {"Zoë 日本 Ñandú", "Zoë 日本 Ñandú"},
		"escape sequence":    {"a\x1b[31mb", `a\u001b[31mb`},
		"eight-bit control":  {"a\u009b31mb", `a\u009b31mb`},
		"line breaks":        {"a\r\nb\tc\u2028d", `a\r\nb\tc\u2028d`},
		"bidi override":      {"a\u202eb\u2066c", `a\u202eb\u2066c`},
		"zero width":         {"a\u200bb\u200dc\ufeffd", `a\u200bb\u200dc\ufeffd`},
		"soft hyphen":        {"a\u00adb", `a\u00adb`},
		"exotic space":       {"a\u00a0b\u3000c", `a\u00a0b\u3000c`},
		"hangul filler":      {"a\u3164b", `a\u3164b`},
		"braille blank":      {"a\u2800b", `a\u2800b`},
		"variation selector": {"a\ufe0fb", `a\ufe0fb`},
		"tag character":      {"a\U000e0041b", `a\U000e0041b`},
		"private use":        {"a\ue000b", `a\ue000b`},
		"bytes not UTF-8":    {"a\xff\xfeb", `a\xff\xfeb`},
		"backslash":          {`ACME\bob`, `ACME\\bob`},
		"leading mark":       {"\u0301a", `\u0301a`},
		"a tower of marks":   {"a\u0301\u0301\u0301\u0301\u0301\u0301b", "a\u0301\u0301\u0301\u0301" + `\u0301\u0301b`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := Terminal(tc.in); got != tc.want {
				t.Errorf("Terminal(%q) = %q, want %q", tc.in, got, tc.want)
			}
		})
	}
}

func TestMarkdownCellStaysInsideItsCodeSpan(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct{ in, want string }{
		{"@acme/admins", "`@acme/admins`"},
		{"a|b", "`a\\|b`"},
		{"a`b``c", "```a`b``c```"},
		{"`a`", "`` `a` ``"},
		{"", "`  `"},
		{"<script>", "`<script>`"},
	} {
		if got := markdownCell(tc.in); got != tc.want {
			t.Errorf("markdownCell(%q) = %s, want %s", tc.in, got, tc.want)
		}
	}
}

func TestCSVCellIsNoFormula(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"=cmd|' /C calc'!A0": "'=cmd|' /C calc'!A0", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "a=b": "a=b", "\t=1": `\t=1`,
	} {
		if got := csvCell(in); got != want {
			t.Errorf("csvCell(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestCellsCountsWhatATerminalShows(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]int{"": 0, "abc": 3, "日本": 4, "e\u0301": 1, "ｆ": 2, "🙂": 2} {
		if got := cells(in); got != want {
			t.Errorf("cells(%q) = %d, want %d", in, got, want)
		}
	}
}

func TestWrapBreaksNoWordThatFitsALine(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 30)
	got := strings.Join(wrap("one two "+long+" three 日本日本日本", 12), "|")
	want := "one two|xxxxxxxxxxxx|xxxxxxxxxxxx|xxxxxx three|日本日本日本"
	if got != want {
		t.Errorf("wrap = %q, want %q", got, want)
	}
}

func FuzzEscapersKeepEveryNameInItsPlace(f *testing.F) {
	f.Add("alice@acme.com", "bob")
	f.Add(hostile, "\x00")
	f.Add(`a\u202e`, "a\u202e")
	f.Add("``|", "|`")
	f.Add("::stop-commands::x", "##[set-output name=x]y")
	f.Add("  ::error::x", "##vso[task.setvariable variable=x]y")
	f.Add("a ::error:: b"+strings.Repeat(" ::notice::", 20), "#")
	f.Add("#", "#[error]x")
	f.Fuzz(func(t *testing.T, a, b string) {
		wantHarmless(t, Terminal(a))
		wantNoCommand(t, a, b)
		if a != b && Terminal(a) == Terminal(b) {
			t.Errorf("%q and %q look the same: %s", a, b, Terminal(a))
		}
		wantOneCell(t, markdownCell(a))
		wantOneField(t, a)
		wantSameJSON(t, a)
	})
}

// wantNoCommand fails if a CI that reads commands off a log could find one in
// what is written of the names, whatever place they have in a line.
func wantNoCommand(t *testing.T, a, b string) {
	t.Helper()
	var out strings.Builder
	p := newPage(&out, Style{})
	p.line(Terminal(a), Terminal(b))
	p.wrapped("", "  ", Prose(a)+" "+Prose(b))
	p.lead(red, "Note:", Prose(a+b))
	if err := p.end(); err != nil {
		t.Fatal(err)
	}
	encoded, err := json.MarshalIndent([]string{a, a + b}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	c := csv.NewWriter(&out)
	_ = c.Write([]string{csvCell(a), csvCell(b)}) // a builder takes everything
	c.Flush()
	for line := range strings.Lines(out.String() + string(jsonLine(encoded)) + "\n" + Terminal(a) + "\n" + Prose(b)) {
		// The runner drops every space that Unicode knows.
		if strings.HasPrefix(strings.TrimSpace(line), "::") || strings.Contains(line, "##[") || strings.Contains(line, "##vso[") {
			t.Errorf("%q and %q give the line %q", a, b, line)
		}
	}
}

var barePipe = regexp.MustCompile(`(^|[^\\])\|`)

// wantOneCell fails unless cell is one code span in one table cell.
func wantOneCell(t *testing.T, cell string) {
	t.Helper()
	wantHarmless(t, cell)
	fence := cell[:len(cell)-len(strings.TrimLeft(cell, "`"))]
	inner := strings.TrimSuffix(strings.TrimPrefix(cell, fence), fence)
	if fence == "" || barePipe.MatchString(cell) || strings.Contains(cell, "\n") || strings.Contains(inner, fence) {
		t.Errorf("%q does not stay one code span in one cell", cell)
	}
}

// wantOneField fails unless name comes back as one harmless CSV field.
func wantOneField(t *testing.T, name string) {
	t.Helper()
	var b strings.Builder
	w := csv.NewWriter(&b)
	if err := w.Write([]string{csvCell(name), "x"}); err != nil {
		t.Fatal(err)
	}
	w.Flush()
	fields, err := csv.NewReader(strings.NewReader(b.String())).Read()
	if err != nil || len(fields) != 2 || fields[0] != csvCell(name) {
		t.Errorf("CSV of %q is read as %q, %v", name, fields, err)
	}
}

// wantSameJSON fails unless escaping leaves the value alone.
func wantSameJSON(t *testing.T, name string) {
	t.Helper()
	encoded, err := json.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	line := jsonLine(encoded)
	for _, r := range string(line) {
		if hidden(r) {
			t.Fatalf("JSON of %q shows %U as it is", name, r)
		}
	}
	var got string
	if err := json.Unmarshal(line, &got); err != nil {
		t.Fatal(err)
	}
	if want := strings.ToValidUTF8(name, "\uFFFD"); utf8.ValidString(name) && got != want {
		t.Errorf("JSON of %q is read as %q", name, got)
	}
}

func FuzzWrapKeepsEveryCharacterAndItsWidth(f *testing.F) {
	f.Add("one two three", 5)
	f.Add(strings.Repeat("日", 50)+" x", 7)
	f.Add(hostile, 10)
	f.Fuzz(func(t *testing.T, text string, n int) {
		text, n = Prose(text), min(max(n, 2), 200)
		lines := wrap(text, n)
		for _, line := range lines {
			if cells(line) > n {
				t.Errorf("line %q takes %d columns, want at most %d", line, cells(line), n)
			}
		}
		got := strings.ReplaceAll(strings.Join(lines, ""), " ", "")
		if want := strings.ReplaceAll(text, " ", ""); got != want {
			t.Errorf("wrapped text is %q, want %q", got, want)
		}
	})
}
