package gitrepo

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

// longestBySize is the length of a longest common subsequence, by definition.
func longestBySize(a, b [][]byte) int {
	table := make([][]int, len(a)+1)
	for i := range table {
		table[i] = make([]int, len(b)+1)
	}
	for i := range a {
		for j := range b {
			table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
			if bytes.Equal(a[i], b[j]) {
				table[i+1][j+1] = table[i][j] + 1
			}
		}
	}
	return table[len(a)][len(b)]
}

// inOrder reports whether lines of both stand in the same order in both, each
// there once: then a diff has one answer.
func inOrder(a, b [][]byte) bool {
	at, last := map[string]int{}, none
	for i, line := range a {
		if _, twice := at[string(line)]; twice {
			return false
		}
		at[string(line)] = i
	}
	seen := map[string]bool{}
	for _, line := range b {
		if seen[string(line)] {
			return false
		}
		seen[string(line)] = true
		if i, ok := at[string(line)]; ok {
			if i < last {
				return false
			}
			last = i
		}
	}
	return true
}

func FuzzMatchedLinesAreEqualAndInOrder(f *testing.F) {
	f.Add("a\nb\nc\n", "a\nx\nc\n")
	f.Add("a\nb", "a\nb\n")
	f.Add("}\n}\na\n}\n", "}\na\n}\n}\nb\n}\n")
	f.Add(strings.Repeat("a\nb\n", 50), strings.Repeat("b\na\n", 50))
	f.Add("a\nb\nc\nd\n", "d\nc\nb\na\n")
	f.Add("x\na\ny\na\nz\n", "a\nx\na\nz\ny\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		a, b := splitLines([]byte(before)), splitLines([]byte(after))
		if got := string(slices.Concat(a...)); got != before {
			t.Fatalf("the lines are %q, want %q", got, before)
		}
		at, last, matched := match(a, b), none, 0
		if len(at) != len(b) {
			t.Fatalf("%d answers for %d lines", len(at), len(b))
		}
		for i, from := range at {
			if from == none {
				continue
			}
			if from <= last || !bytes.Equal(a[from], b[i]) {
				t.Fatalf("line %d is line %d: %q, %q", i, from, b[i], a[from])
			}
			last = from
			matched++
		}
		if len(a)*len(b) < 1<<16 && inOrder(a, b) && matched != longestBySize(a, b) {
			t.Errorf("%d lines match, %d are in both", matched, longestBySize(a, b))
		}
	})
}

func TestTreeThatIsDamagedIsAnError(t *testing.T) {
	t.Parallel()
	for _, raw := range []string{"100644", "100644 a", "100644 a\x00short", "x a\x0012345678901234567890", "\x00 "} {
		if err := entries([]byte(raw), func([]byte, node) bool { return true }); err == nil {
			t.Errorf("%q: got no error", raw)
		}
	}
}
