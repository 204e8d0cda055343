package load

import (
	"slices"
	"strconv"
)

// quote writes s as a text of HCL.
func quote(s string) string { return strconv.Quote(s) }

// nearest returns the candidate that is closest to name, if it is close enough
// to be a slip: a third of the length at most. Of equals, the first wins.
func nearest(name string, candidates []string) string {
	best, bestDistance := "", max(1, len(name)/3)+1
	for _, c := range candidates {
		if difference := len(c) - len(name); difference >= bestDistance || -difference >= bestDistance {
			continue
		}
		if d := distance(name, c, bestDistance); d < bestDistance {
			best, bestDistance = c, d
		}
	}
	return best
}

// distance counts the edits between a and b: letters put in, left out, changed,
// or swapped with their neighbour. It gives up at limit.
func distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	before, previous := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range previous {
		previous[j] = j
	}
	for i := range x {
		row := make([]int, len(y)+1)
		row[0] = i + 1
		for j := range y {
			cost := 1
			if x[i] == y[j] {
				cost = 0
			}
			row[j+1] = min(row[j]+1, previous[j+1]+1, previous[j]+cost)
			if i > 0 && j > 0 && x[i] == y[j-1] && x[i-1] == y[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		if slices.Min(row) >= limit {
			return limit
		}
		before, previous = previous, row
	}
	return previous[len(y)]
}

// didYouMean ends a detail with the suggestion, if there is one.
func didYouMean(suggestion string) string {
	if suggestion == "" {
		return ""
	}
	return " Did you mean " + suggestion + "?"
}
