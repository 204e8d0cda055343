package schema

import (
	"iter"
	"unicode/utf8"
)

// Nearest returns the candidate that name was most likely meant to be, for a
// "did you mean", or "" where none is close: at most a third of the characters
// (at least one, at most three) differ after folding. Of several equally close
// ones the first wins.
func Nearest(name string, candidates iter.Seq[string]) string {
	want := []rune(Fold(name))
	limit := min(max(len(want)/3, 1), 3)
	best, least := "", limit+1
	var e edits
	for c := range candidates {
		n := utf8.RuneCountInString(c)
		if n > len(want)+limit || n < len(want)-limit {
			continue
		}
		if d := e.between(want, []rune(Fold(c)), least); d < least && c != "" {
			best, least = c, d
		}
	}
	return best
}

// edits counts what turns one word into another: letters put in, left out,
// changed, or swapped with their neighbour. It keeps three rows of the table of
// counts for the next pair of words.
type edits struct{ before, last, row []int }

// between counts the edits from a to b, and gives up once they must reach limit.
func (e *edits) between(a, b []rune, limit int) int {
	e.reset(len(a) + 1)
	for j := 1; j <= len(b); j++ {
		e.before, e.last, e.row = e.last, e.row, e.before
		e.row[0] = j
		least := j
		for i := 1; i <= len(a); i++ {
			n := e.last[i-1]
			if a[i-1] != b[j-1] {
				n = 1 + min(n, e.row[i-1], e.last[i])
			}
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				n = min(n, e.before[i-2]+1)
			}
			e.row[i] = n
			least = min(least, n)
		}
		if least >= limit {
			return limit
		}
	}
	return e.row[len(a)]
}

// reset makes the rows of a table that is n wide: the last one filled says that
// nothing becomes i letters by i edits.
func (e *edits) reset(n int) {
	if len(e.row) != n {
		e.before, e.last, e.row = make([]int, n), make([]int, n), make([]int, n)
	}
	for i := range e.row {
		e.row[i] = i
	}
}
