package render

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// rendered returns what render writes.
func rendered(t *testing.T, render func(io.Writer) error) string {
	t.Helper()
	var buf bytes.Buffer
	if err := render(&buf); err != nil {
		t.Fatalf("render: %v", err)
	}
	return buf.String()
}

// golden compares got with testdata/name; UPDATE=1 writes it instead.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("read golden (UPDATE=1 writes it): %v", err)
	}
	if diff := cmp.Diff(got, string(want)); diff != "" {
		t.Errorf("%s differs, - is got, + is the golden:\n%s", file, diff)
	}
}

// wantNarrow fails for each line of text that takes more than n columns.
func wantNarrow(t *testing.T, text string, n int) {
	t.Helper()
	for i, line := range strings.Split(text, "\n") {
		if c := cells(line); c > n {
			t.Errorf("line %d takes %d columns, want at most %d:\n%s", i+1, c, n, line)
		}
	}
}

// wantHarmless fails where text holds anything but visible characters and
// newlines: an escape sequence, a carriage return, a bidirectional override.
func wantHarmless(t *testing.T, text string) {
	t.Helper()
	for i, r := range text {
		if r != '\n' && (hidden(r) || r == '\uFFFD') {
			t.Fatalf("byte %d is the hidden character %U in:\n%q", i, r, text)
		}
	}
}
