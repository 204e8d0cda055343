package sandbox

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// fold maps strings that differ by case alone to one string, as
// strings.EqualFold compares them.
func fold(s string) string {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return strings.Map(foldRune, s)
		}
	}
	return strings.ToLower(s)
}

// foldRune returns the lower case of the least rune that r folds to, so that
// the result for ASCII agrees with strings.ToLower.
func foldRune(r rune) rune {
	least := r
	for next := unicode.SimpleFold(r); next != r; next = unicode.SimpleFold(next) {
		least = min(least, next)
	}
	return unicode.ToLower(least)
}
