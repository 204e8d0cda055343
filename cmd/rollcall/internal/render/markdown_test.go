package render

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"
)

// filled is a document with a folded table of n rows, written within limit.
func filled(t *testing.T, limit, n int) string {
	t.Helper()
	d := newDocument(limit, "Read the rest elsewhere.", "**last line**")
	d.line("### head")
	d.fold("inside")
	d.table("who", "what")
	for i := range n {
		d.row(briefCell(fmt.Sprintf("person%d", i)), "loses ÄÖÜ 日本")
	}
	d.unfold()
	d.line()
	d.line("after")
	var b strings.Builder
	if err := d.end(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDocumentWithinItsLimitIsWhole(t *testing.T) {
	t.Parallel()
	want := "### head\n\n<details><summary>inside</summary>\n\n| who | what |\n|---|---|\n" +
		"| `person0` | loses ÄÖÜ 日本 |\n| `person1` | loses ÄÖÜ 日本 |\n\n</details>\n\nafter\n\n**last line**\n"
	if got := filled(t, MarkdownLimit, 2); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestDocumentIsCutAtItsEndWhateverItsLimit(t *testing.T) {
	t.Parallel()
	const rows = 40
	whole := filled(t, 1<<20, rows)
	for limit := 250; limit < utf8.RuneCountInString(whole)+200; limit++ {
		got := filled(t, limit, rows)
		if n := utf8.RuneCountInString(got); n > limit {
			t.Fatalf("limit %d: %d characters", limit, n)
		}
		if got == whole {
			continue
		}
		kept, notes, ok := strings.Cut(got, "\n**Cut here**: ")
		if !ok || !strings.HasSuffix(notes, " Read the rest elsewhere.\n\n**last line**\n") {
			t.Fatalf("limit %d: it does not say that it was cut:\n%s", limit, got)
		}
		shown := strings.TrimSuffix(kept, "\n"+foldEnd+"\n")
		if !strings.HasPrefix(whole, shown) {
			t.Fatalf("limit %d: what is kept is not the beginning:\n%s", limit, got)
		}
		if open, closed := strings.Count(got, "<details>"), strings.Count(got, foldEnd); open != closed {
			t.Fatalf("limit %d: %d folds begin, %d end", limit, open, closed)
		}
		// With "after", each line that is left out is counted.
		left := rows + 1 - strings.Count(got, "| `person") - strings.Count(got, "after")
		if want := fmt.Sprintf("%d more lines", left); !strings.HasPrefix(notes, want) {
			t.Fatalf("limit %d: it says %q, want %q", limit, notes, want)
		}
		if strings.Contains(got, "| who") && !strings.Contains(got, "| who | what |\n|---|---|\n") {
			t.Fatalf("limit %d: a header without its rule:\n%s", limit, got)
		}
	}
}

func TestLongNameLeavesRoomForOthers(t *testing.T) {
	t.Parallel()
	for _, name := range []string{strings.Repeat("a", 1<<20), strings.Repeat("\u202e", 1<<16), strings.Repeat("`", 1<<16)} {
		if n := utf8.RuneCountInString(briefCell(name)); n > 3*briefLimit+4 {
			t.Errorf("a name of %d bytes takes %d characters", len(name), n)
		}
	}
	if got := briefCell("bob|a"); got != "`bob\\|a`" {
		t.Errorf("a short name: got %s", got)
	}
}
