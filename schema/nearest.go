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
	row := make([]int, len(want)+1)
	for c := range candidates {
		n := utf8.RuneCountInString(c)
		if n > len(want)+limit || n < len(want)-limit {
			continue
		}
		if d := distance(want, []rune(Fold(c)), row, least); d < least && c != "" {
			best, least = c, d
		}
	}
	return best
}

// distance is Levenshtein's, given up once it must reach limit. row is scratch
// of length len(a)+1.
func distance(a, b []rune, row []int, limit int) int {
	for i := range row {
		row[i] = i
	}
	for j := 1; j <= len(b); j++ {
		diagonal := row[0]
		row[0] = j
		least := j
		for i := 1; i <= len(a); i++ {
			cost := diagonal
			if a[i-1] != b[j-1] {
				cost++
			}
			diagonal = row[i]
			row[i] = min(cost, row[i]+1, row[i-1]+1)
			least = min(least, row[i])
		}
		if least >= limit {
			return limit
		}
	}
	return row[len(a)]
}
