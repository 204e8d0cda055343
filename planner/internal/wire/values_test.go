package wire

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/rollcall-dev/rollcall/schema"
)

// unseen is what must not stand in a document as it is, but for the end of a line.
func unseen(r rune) bool { return r != '\n' && !unicode.IsPrint(r) }

func TestHiddenCharactersAreEscapedAndComeBack(t *testing.T) {
	t.Parallel()
	const name = "Con\u202etractors\u200b\x7f \U000e0041é"
	const want = `"Con\u202etractors\u200b\u007f \udb40\udc41é"`
	whole, err := Append([]byte("\u200b"), map[string]string{name: name})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(whole), "\u200b{"+want+":"+want+"}"); diff != "" {
		t.Errorf("Append (-got +want):\n%s", diff)
	}
	if diff := cmp.Diff(string(AppendString(nil, name)), want); diff != "" {
		t.Errorf("AppendString (-got +want):\n%s", diff)
	}
	if back, err := Text([]byte(want)); err != nil || back != name {
		t.Errorf("Text gives %q, %v; want %q", back, err, name)
	}
}

func FuzzStrings(f *testing.F) {
	for _, s := range []string{"", "ann@acme.com", `users["7"]`, `a\b`, "Älice", "\u2028", "\u202e", "\x7f", "\U000e0041", "\x00", "\xff", "<&>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(s); err != nil {
			t.Fatal(err)
		}
		got := AppendString(nil, s)
		if strings.IndexFunc(want.String(), unseen) < 0 && string(got) != strings.TrimSuffix(want.String(), "\n") {
			t.Fatalf("AppendString(%q) = %s, encoding/json has %s", s, got, want.String())
		}
		if strings.IndexFunc(string(got), unseen) >= 0 {
			t.Fatalf("AppendString(%q) = %q shows hidden characters as they are", s, got)
		}
		back, err := Text(got)
		if err != nil || back != strings.ToValidUTF8(s, "\uFFFD") && utf8.ValidString(s) {
			t.Fatalf("Text(%s) = %q, %v", got, back, err)
		}
	})
}

func FuzzText(f *testing.F) {
	for _, s := range []string{`""`, `"a\"b\\c"`, `"\u00e9"`, `"\ud800"`, `"\/"`, "\"\xff\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var want string
		if json.Unmarshal(raw, &want) != nil || len(raw) == 0 || raw[0] != '"' || raw[len(raw)-1] != '"' {
			return
		}
		if got, err := Text(raw); err != nil || got != want {
			t.Fatalf("Text(%s) = %q, %v, encoding/json has %q", raw, got, err, want)
		}
	})
}

func TestAttributesAreAnObjectInOrder(t *testing.T) {
	t.Parallel()
	b, err := Values{{Path: "a", Value: 1.5}, {Path: `b["x"]`}, {Path: "c", Value: []any{"<", true}}}.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(b), `{"a":1.5,"b[\"x\"]":null,"c":["<",true]}`); d != "" {
		t.Errorf("JSON (-got +want):\n%s", d)
	}
	var back Values
	if err := json.Unmarshal([]byte(` { "c" : ["<", true], "b[\"x\"]":null ,"a":1.5 } `), &back); err != nil {
		t.Fatal(err)
	}
	want := Values{{Path: "a", Value: 1.5}, {Path: `b["x"]`}, {Path: "c", Value: []any{"<", true}}}
	if d := cmp.Diff(back, want); d != "" {
		t.Errorf("attributes (-got +want):\n%s", d)
	}
}

func TestAttributesThatAreNoneAreRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{`{"a":1,"a":2}`, `[]`, `"a"`, `3`} {
		var vs Values
		if err := json.Unmarshal([]byte(text), &vs); err == nil {
			t.Errorf("%s was read as %v", text, vs)
		}
	}
	if _, err := (Values{schema.Value{Path: "a", Value: func() {}}}).MarshalJSON(); err == nil {
		t.Error("a function was written")
	}
}
